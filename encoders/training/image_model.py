"""The image tower: two bodies that know different things, and a head into the shared space.

torchvision's MobileNetV3-small (ImageNet: whole pictures of one thing, batch norms folded) and YOLOX-nano without its detection
heads (COCO: things as they stand in a scene).
"""
import torch
from torch import nn
from torch.nn import functional as F

import space
from onnx_module import OnnxModule
from paths import DATA

SIDE, INNER = 96, 128
PICTURE, SCENE, HIDDEN = 576, 256 + 128 + 256, 512
# Of YOLOX-nano: the deepest layer of the backbone, and the two coarser outputs of the pyramid, each after its activation.
SCENE_LAYERS = ["886", "990", "1024"]


class ImageTower(nn.Module):
    """uint8 RGB [B, 96, 96, 3] to unit vectors [B, 256]. MobileNet sees 128 px, nearer to the size of things in ImageNet."""

    def __init__(self):
        super().__init__()
        self.picture = OnnxModule(DATA / "models" / "mobilenetv3_small_features.onnx")
        self.scene = OnnxModule(DATA / "models" / "yolox_nano.onnx", SCENE_LAYERS)
        self.hidden, self.out = nn.Linear(PICTURE + SCENE, HIDDEN), nn.Linear(HIDDEN, space.DIMENSIONS)
        self.register_buffer("mean", torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1))
        self.register_buffer("sd", torch.tensor([58.395, 57.12, 57.375]).view(1, 3, 1, 1))

    def features(self, rgb):
        """What the bodies say: [B, 576 + 640]."""
        x = rgb.permute(0, 3, 1, 2).float()
        large = F.interpolate((x - self.mean) / self.sd, size=(INNER, INNER), mode="bilinear", align_corners=False)
        seen = self.picture(large)[0].flatten(1)
        return torch.cat([seen, *(y.mean((2, 3)) for y in self.scene(x.flip(1)))], 1)

    def forward(self, rgb):
        x = F.hardswish(self.hidden(self.features(rgb)))
        return F.normalize(self.out(F.dropout(x, 0.2, self.training)), dim=1)
