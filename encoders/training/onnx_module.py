"""Runs an ONNX graph of a teacher as a torch module, so that its weights can be read, fine-tuned and exported again."""
import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

from session import Session

class OnnxModule(nn.Module):
    """The graph's nodes in order, as far as the outputs need them; float initialisers are parameters."""

    def __init__(self, path, outputs=None):
        super().__init__()
        graph = onnx.load(str(path)).graph
        self.inputs = [i.name for i in graph.input]
        self.outputs = outputs or [o.name for o in graph.output]
        self.names, self.constants = {}, {}
        nodes = needed(graph.node, self.outputs)
        used = {name for n in nodes for name in n.input}
        for tensor in (t for t in graph.initializer if t.name in used):
            value = np.array(numpy_helper.to_array(tensor))
            if value.dtype.kind == "f":
                name = "w_" + tensor.name.replace(".", "_").replace("/", "_")
                self.names[tensor.name] = name
                self.register_parameter(name, nn.Parameter(torch.from_numpy(value)))
            else:
                self.constants[tensor.name] = value
        self.nodes = [(n.op_type, list(n.input), list(n.output), {a.name: onnx.helper.get_attribute_value(a) for a in n.attribute}) for n in nodes]

    def forward(self, *inputs):
        values = dict(zip(self.inputs, inputs))
        get = lambda name: values[name] if name in values else getattr(self, self.names[name]) if name in self.names else self.constants[name]
        for op, ins, outs, attributes in self.nodes:
            values[outs[0]] = OPERATORS[op]([get(i) for i in ins if i], attributes)
        return [values[o] for o in self.outputs]


def needed(nodes, outputs):
    """The nodes that lead to the outputs, in order."""
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.insert(0, node)
    return kept


BATCH = -2  # stands for the batch size in a graph's shape arithmetic, which these teachers use for nothing else


def fast(path):
    """A graph as a function of tensors, by onnxruntime: several times as fast as torch."""
    session = Session(path, torch.get_num_threads())
    return lambda *inputs: [torch.from_numpy(y) for y in session.run(None, {n: x.numpy() for n, x in zip(session.input_names, inputs)})]


def ints(value):
    return [int(x) for x in np.asarray(value).reshape(-1)]


def conv(x, a):
    pads = list(a.get("pads", [0, 0, 0, 0]))
    assert pads[:2] == pads[2:]
    return F.conv2d(x[0], x[1], x[2] if len(x) > 2 else None, stride=list(a.get("strides", [1, 1])), padding=pads[:2], dilation=list(a.get("dilations", [1, 1])), groups=a.get("group", 1))


def gemm(x, a):
    weight = x[1] if a.get("transB", 0) else x[1].t()
    return F.linear(x[0], weight, x[2] if len(x) > 2 else None)


def tensor(x):
    return x if torch.is_tensor(x) else torch.from_numpy(np.asarray(x, dtype=np.float32))


def axes_of(x, a):
    return ints(x[1]) if len(x) > 1 else list(a["axes"])


def reshape(x, a):
    shape = ints(x[1])
    if shape[0] == BATCH:
        return x[0].flatten(1) if -1 in shape else x[0].reshape([-1] + shape[1:])
    return x[0].reshape(shape)


def squeeze(x, a):
    if len(x) == 1 and "axes" not in a:
        return x[0]
    y = x[0]
    for axis in sorted((i % y.dim() for i in axes_of(x, a)), reverse=True):
        y = y.squeeze(axis)
    return y


def unsqueeze(x, a):
    y = x[0]
    for axis in sorted(axes_of(x, a)):
        y = y.unsqueeze(axis)
    return y


def slice_(x, a):
    starts, ends = ints(x[1]), ints(x[2])
    axes = ints(x[3]) if len(x) > 3 else range(len(starts))
    steps = ints(x[4]) if len(x) > 4 else [1] * len(starts)
    index = [slice(None)] * x[0].dim()
    for start, end, axis, step in zip(starts, ends, axes, steps):
        index[axis] = slice(start, min(end, x[0].shape[axis]), step)
    return x[0][tuple(index)]


def max_pool(x, a):
    return F.max_pool2d(x[0], list(a["kernel_shape"]), list(a["strides"]), list(a["pads"])[:2])


OPERATORS = {
    "Conv": conv,
    "Gemm": gemm,
    "Relu": lambda x, a: F.relu(x[0]),
    "Sigmoid": lambda x, a: torch.sigmoid(x[0]),
    "HardSwish": lambda x, a: F.hardswish(x[0]),
    "HardSigmoid": lambda x, a: F.hardsigmoid(x[0]),
    "Add": lambda x, a: tensor(x[0]) + tensor(x[1]),
    "Mul": lambda x, a: tensor(x[0]) * tensor(x[1]),
    "Concat": lambda x, a: np.concatenate([np.atleast_1d(i) for i in x]) if not torch.is_tensor(x[0]) else torch.cat(x, a["axis"]),
    "Shape": lambda x, a: np.array([BATCH]),
    "ReduceMean": lambda x, a: x[0].mean(axes_of(x, a), keepdim=bool(a.get("keepdims", 1))),
    "ReduceMax": lambda x, a: x[0].amax(axes_of(x, a), keepdim=bool(a.get("keepdims", 1))),
    "Slice": slice_,
    "MaxPool": max_pool,
    "Resize": lambda x, a: F.interpolate(x[0], scale_factor=2, mode="nearest"),
    "Transpose": lambda x, a: x[0].permute(list(a["perm"])),
    "Reshape": reshape,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
}
