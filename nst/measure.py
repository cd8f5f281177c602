"""python -m nst.measure FOLDER ... : measure finished runs again with one network, to compare them."""

import sys
from collections.abc import Sequence

from nst.arguments import Parser
from nst.cli import configs
from nst.cli.hydra_errors import guarded
from nst.cli.measure import measure
from nst.runtime import logs
from nst.runtime.home import expanded
from nst.runtime.process import open_streams
from nst.state import MetricNetwork


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0 all measured, 1 some could not be, 2 there is nothing to measure."""
    open_streams()
    parser = Parser(prog="python -m nst.measure", description=__doc__)
    parser.add_argument("folders", nargs="+", type=expanded, metavar="FOLDER", help="folders that contain runs")
    parser.add_argument(
        "--network",
        choices=[network.value for network in MetricNetwork],
        default=MetricNetwork.auto.value,
        help="auto: VGG19, fetched if necessary; own: each run's own network",
    )
    options = parser.parse_args(arguments)
    configs.register()
    logs.to_console()
    return guarded(lambda: measure(options.folders, MetricNetwork(options.network)))


if __name__ == "__main__":
    sys.exit(main())
