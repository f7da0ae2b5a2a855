"""The image tower: torchvision's MobileNetV3-small features (ImageNet, batch norms folded) and a head into the shared space."""
import torch
from torch import nn
from torch.nn import functional as F

import space
from onnx_module import OnnxModule
from paths import DATA

SIDE, INNER, FEATURES, HIDDEN = 96, 128, 576, 512


class ImageTower(nn.Module):
    """uint8 RGB [B, 96, 96, 3] to unit vectors [B, 256]. The body sees 128 px, nearer to the size of things in ImageNet."""

    def __init__(self):
        super().__init__()
        self.body = OnnxModule(DATA / "models" / "mobilenetv3_small_features.onnx")
        self.hidden, self.out = nn.Linear(FEATURES, HIDDEN), nn.Linear(HIDDEN, space.DIMENSIONS)
        self.register_buffer("mean", torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1))
        self.register_buffer("sd", torch.tensor([58.395, 57.12, 57.375]).view(1, 3, 1, 1))

    def forward(self, rgb):
        x = (rgb.permute(0, 3, 1, 2).float() - self.mean) / self.sd
        x = F.interpolate(x, size=(INNER, INNER), mode="bilinear", align_corners=False)
        x = self.body(x.contiguous(memory_format=torch.channels_last) if self.training else x)[0].flatten(1)
        x = F.hardswish(self.hidden(x))
        return F.normalize(self.out(F.dropout(x, 0.2, self.training)), dim=1)
