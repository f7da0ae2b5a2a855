"""The image tower: three bodies that know different things, and a head into the shared space.

torchvision's MobileNetV3-small (ImageNet: whole pictures of one thing, batch norms folded) and YOLOX-nano without its detection heads
(COCO: things as they stand in a scene), both tuned to what cameras do to a region; and YOLOX-nano as it came, detection heads and all,
which learned from 118 000 pictures what is not a thing.
"""
import math

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

import picture_classes
import space
from detector import COCO
from onnx_module import OnnxModule
from paths import DATA

SIDE, INNER = 96, 128
YOLOX = DATA / "models" / "yolox_nano.onnx"
# Of YOLOX-nano: the deepest layer of the backbone, and the two coarser outputs of the pyramid, each after its activation.
SCENE_LAYERS = ["886", "990", "1024"]
# Of its three detection heads: how sure it is of a thing, and of which of COCO's 80.
FOUND = [("1064", "1065"), ("1106", "1107"), ("1148", "1149")]
PICTURE, SCENE, THINGS, HIDDEN = 576, 256 + 128 + 256, len(COCO), 512
FEATURES = PICTURE + 2 * SCENE + THINGS
FAINT = 1e-3  # what the detector finds less sure than this is not found
TEMPERATURE = 0.05  # of cosines, as heads are taught: so much of a concept's vector is one nat


class ImageTower(nn.Module):
    """uint8 RGB [B, 96, 96, 3] to unit vectors [B, 256]. MobileNet sees 128 px, nearer to the size of things in ImageNet.

    What the detector finds is no feature of the head, which is taught on pictures that the tuned bodies know by heart and so would not listen
    to it. Its log scores are added to what the head says, nat for nat, each along the concept it names.
    """

    def __init__(self):
        super().__init__()
        self.picture = OnnxModule(DATA / "models" / "mobilenetv3_small_features.onnx")
        self.scene = OnnxModule(YOLOX, SCENE_LAYERS)
        self.things = OnnxModule(YOLOX, [name for pair in FOUND for name in pair]).requires_grad_(False)
        self.hidden, self.out = nn.Linear(FEATURES - THINGS, HIDDEN), nn.Linear(HIDDEN, space.DIMENSIONS)
        known = {c["name"]: c["vector"] for c in space.concepts()}
        self.register_buffer("named", torch.from_numpy(np.stack([known[picture_classes.of_coco(n)] for n in COCO]).astype(np.float32)))
        self.register_buffer("mean", torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1))
        self.register_buffer("sd", torch.tensor([58.395, 57.12, 57.375]).view(1, 3, 1, 1))

    def features(self, rgb):
        """What the bodies say: [B, 576 + 2 * 640 + 80]: of each layer the mean and the most, of each thing how many nats its surest place is above FAINT."""
        x = rgb.permute(0, 3, 1, 2).float()
        large = F.interpolate((x - self.mean) / self.sd, size=(INNER, INNER), mode="bilinear", align_corners=False)
        seen, bgr = self.picture(large)[0].flatten(1), x.flip(1)
        scene, found = self.scene(bgr), self.things(bgr)
        surest = [(thing * which).amax((2, 3)) for thing, which in zip(found[::2], found[1::2])]
        nats = torch.log(torch.maximum(torch.maximum(surest[0], surest[1]), surest[2]) + FAINT) - math.log(FAINT)
        return torch.cat([seen, *(y.mean((2, 3)) for y in scene), *(y.amax((2, 3)) for y in scene), nats], 1)

    def forward(self, rgb):
        return self.head(self.features(rgb))

    def head(self, features):
        said = self.said(features[:, :-THINGS])
        return F.normalize(said + TEMPERATURE * (features[:, -THINGS:] @ self.named), dim=1)

    def said(self, tuned):
        """What the head makes of the tuned bodies' features alone: unit vectors. This is what is taught."""
        x = F.hardswish(self.hidden(tuned))
        return F.normalize(self.out(F.dropout(x, 0.2, self.training)), dim=1)

    def take(self, graph):
        """The tuned bodies and the head of a pack's image.onnx, which has them under this module's own names; features that it lacks count nothing."""
        known = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in onnx.load(str(graph)).graph.initializer}
        mine = {name for name in self.state_dict() if name.startswith(("picture.", "scene.", "hidden.", "out."))}
        lacking = [name for name in sorted(mine - known.keys()) if self.get_parameter(name).dim() > 1]  # a graph keeps no scale of a resize
        if lacking:
            raise SystemExit(f"{graph} has no {lacking[0]}: it is not of this kind")
        known["hidden.weight"] = F.pad(known["hidden.weight"], (0, FEATURES - THINGS - known["hidden.weight"].shape[1]))
        self.load_state_dict({name: known[name] for name in mine & known.keys()}, strict=False)
        return self
