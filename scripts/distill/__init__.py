"""Distillation of VGG19 into the bundled network, in Keras 3 on any of its backends (`KERAS_BACKEND`)."""
