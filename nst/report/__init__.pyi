from .data_frame import frame as frame
