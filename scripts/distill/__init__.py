"""Distillation of VGG19 into the bundled network, in Keras 3 on any backend (`KERAS_BACKEND`)."""
