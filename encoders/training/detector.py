"""YOLOX-nano as a teacher of regions: boxes of COCO concepts in a picture."""
import numpy as np
import torch
from torch.nn import functional as F

from onnx_module import fast
from paths import DATA

COCO = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,"
    "elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,"
    "surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,"
    "potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,"
    "teddy bear,hair drier,toothbrush"
).split(",")
SIDE = 416


class Detector:
    def __init__(self):
        self.net = fast(DATA / "models" / "yolox_nano.onnx")
        cells = [(x, y, s) for s in (8, 16, 32) for y in range(SIDE // s) for x in range(SIDE // s)]
        self.cells = torch.tensor(cells, dtype=torch.float32)

    @torch.no_grad()
    def __call__(self, picture, least=0.1):
        """uint8 RGB [H, W, 3] to a list of (x0, y0, x1, y1, concept, score) after non-maximum suppression."""
        height, width = picture.shape[:2]
        scale = SIDE / max(height, width)
        x = torch.from_numpy(picture[:, :, ::-1].copy()).permute(2, 0, 1)[None].float()
        x = F.interpolate(x, size=(round(height * scale), round(width * scale)), mode="bilinear", align_corners=False)
        x = F.pad(x, (0, SIDE - x.shape[3], 0, SIDE - x.shape[2]), value=114.0)
        y = self.net(x)[0][0]
        centre = (y[:, :2] + self.cells[:, :2]) * self.cells[:, 2:]
        size = torch.exp(y[:, 2:4]) * self.cells[:, 2:]
        boxes = torch.cat([centre - size / 2, centre + size / 2], 1) / scale
        score, label = (y[:, 4:5] * y[:, 5:]).max(1)
        return [(*boxes[i].tolist(), COCO[label[i]], float(score[i])) for i in suppress(boxes, score, least)]


def suppress(boxes, score, least, overlap=0.5):
    order = [i for i in score.argsort(descending=True).tolist() if score[i] >= least][:200]
    kept = []
    for i in order:
        if all(iou(boxes[i].tolist(), boxes[j].tolist()) < overlap for j in kept):
            kept.append(i)
    return kept


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h)


def inside(a, b):
    """The share of box a that lies in box b."""
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    area = (a[2] - a[0]) * (a[3] - a[1])
    return w * h / area if w > 0 and h > 0 and area > 0 else 0.0
