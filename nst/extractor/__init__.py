"""Networks that turn a picture into features: `{layer: [1,h,w,c]}`, layers named as in Keras, taken after the ReLU.

One file per choice (`auto`, `vgg19`, `vgg19_slim`); `network.py` is what they all come to.
"""
