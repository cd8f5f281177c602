"""The glass of the mosaic: gold leaf, marble and smalti."""

from painter.palette import Ramp

GOLD = Ramp.of("#6b4513", "#94671d", "#b8862b", "#d5a93f", "#e8c155", "#f6dc83", "#fff2b8")
WHITE = Ramp.of("#b5a88e", "#d9cfb6", "#efe8d6", "#fbf8ee")
RED = Ramp.of("#4d0f12", "#86201b", "#ab2e23", "#c4482f")
NIGHT = Ramp.of("#0c1026", "#141c40", "#1f2c5e", "#2d4180")
RED_STRAND = Ramp.of("#5c1114", "#a52a20", "#e3a988", "#f2ead6", "#e3a988", "#a52a20")
LAPIS_STRAND = Ramp.of("#16256a", "#2b4da4", "#a9c6dc", "#f2ead6", "#8fc6c0", "#2b8c88")
ROSETTE = Ramp.of("#d5a93f", "#f2e6c4", "#1b7f7c", "#14306e", "#b02a20", "#f3c95a")
PEACOCK = Ramp.of("#0a0f38", "#122070", "#1a3fa6", "#1f6cbc", "#2a9ab4", "#63c4b8", "#b4e4cc")
TRAIN = Ramp.of("#0b2c2a", "#0f4a40", "#17705a", "#2f9470", "#6ab884", "#b3d69a")
EYE = Ramp.of("#e6be55", "#c9702a", "#1fa09a", "#1f58b4", "#10164a")
WING = Ramp.of("#5a1a14", "#a8391f", "#dc7a2c", "#f0bb56", "#f8eac4")
LEG = Ramp.of("#6d2413", "#b3502a", "#dc8844")
FACE = Ramp.of("#0a0f38", "#e9e2cf", "#fbf8ee")
BEAK = Ramp.of("#2a1a14", "#7d3a20", "#c8662e", "#e09048")
LEAF = Ramp.of("#0e2a16", "#1d5428", "#3d7d34", "#74a844", "#bcd070")
STEM = Ramp.of("#3a2412", "#6b4420", "#96682e")
FRUIT = Ramp.of("#560c18", "#98181f", "#cf3a2a", "#ee7a4a", "#f9c9a0")
PETAL = Ramp.of("#8e1c3c", "#cc4a68", "#ec9aa4", "#fbe2da")
LILY = Ramp.of("#3a2a72", "#6a52a8", "#a796d0", "#ece6f4")
MEADOW = Ramp.of("#123018", "#24562a", "#478238", "#86ac4c", "#c2cf74")
