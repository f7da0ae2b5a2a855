"""A sound tower as one graph: the body as it is, and heads behind it."""
import tempfile

import onnx
import torch
from onnx import compose

from audio_body import WIDTH
from quantise import Graph


def write_tower(body, heads, path):
    """float32 PCM [batch, 32000] to unit vectors [batch, 256], opset 17."""
    with tempfile.TemporaryDirectory() as folder:
        front, back = f"{folder}/body.onnx", f"{folder}/heads.onnx"
        axes = {"said": {0: "batch"}, "embedding": {0: "batch"}}
        torch.onnx.export(heads.wide(), torch.zeros(2, WIDTH), back, opset_version=17, input_names=["said"], output_names=["embedding"], dynamic_axes=axes)
        body.graph.save(front)
        first, second = onnx.load(front), onnx.load(back)
    second.ir_version = first.ir_version
    onnx.save(compose.merge_models(first, second, [("said", "said")], prefix2="heads/"), str(path))
    graph = Graph(path)
    for node in graph.graph.node:
        for i, name in enumerate(node.output):
            if name == "heads/embedding":
                node.output[i] = "embedding"
    graph.graph.output[0].name = "embedding"
    graph.save(path)
