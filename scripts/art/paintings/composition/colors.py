"""The paints of the Composition, each from its dark to its light."""

from painter.palette import Ramp

CREAM = Ramp.of("#dcc99c", "#e8d9b2", "#f1e6c9", "#f7f0dc", "#fbf7ea")
BLACK = Ramp.of("#0b0a10", "#17151c", "#2a2630")
WHITE = Ramp.of("#e2d9c4", "#f3ecdb", "#fdfaf0")
RED = Ramp.of("#8f1514", "#c4241a", "#e0402a", "#ee6a45")
CRIMSON = Ramp.of("#5a0d24", "#8e1838", "#b73456")
ROSE = Ramp.of("#c9647c", "#e08fa0", "#f0b9bd")
ORANGE = Ramp.of("#b9520f", "#e07a1c", "#f4a23c")
YELLOW = Ramp.of("#d09312", "#eebb1e", "#f8d64a", "#fbe98c")
GREEN = Ramp.of("#13523f", "#24805b", "#5cab78")
TEAL = Ramp.of("#0f5a68", "#2a8c94", "#74bdb8")
BLUE = Ramp.of("#0d1f5e", "#1c3f9c", "#3a6cc6", "#6d9cdc")
SKY = Ramp.of("#5f93c4", "#93bcdc", "#c0d8e2")
VIOLET = Ramp.of("#2a1248", "#4f2a80", "#7d54ac", "#aa88cc")
LILAC = Ramp.of("#8d78b8", "#b4a0d0", "#d4c6e0")
OCHRE = Ramp.of("#7a5220", "#ab7c34", "#d0a760")
