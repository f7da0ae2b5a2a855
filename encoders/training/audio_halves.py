"""The body of the sound tower in two halves, cut behind its third block: the first takes five sixths of the time and holds a hundredth
of the weights. So it is run once for each window, by onnxruntime, and only the second is tuned.
"""
import onnx
import torch
from onnx import helper

from audio_body import PARTS, SHIPPED, Body
from onnx_module import OnnxModule
from paths import OUT
from quantise import Graph
from session import Session

MAP, JOINS = (16, 32, 51), 2  # the map between the halves: channels, bands, moments; it is that join of blocks
HEARD = ("mean", "hidden")  # what the second half says, of PARTS: what heads look at
WIDTH = sum(PARTS[p] for p in HEARD)


def cut_of(graph):
    """The name of the map between the halves."""
    return [n.output[0] for n in graph.graph.node if n.op_type == "Add" and n.output[0].startswith("/body")][JOINS - 1]


def first_half():
    """A session: PCM [B, 32000] to maps [B, *MAP]."""
    graph, path = Body(SHIPPED).graph, OUT / "audio_first.onnx"
    cut = cut_of(graph)
    end = next(k for k, n in enumerate(graph.graph.node) if cut in n.output)
    del graph.graph.node[end + 1 :], graph.graph.output[:]
    graph.graph.output.append(helper.make_tensor_value_info(cut, 1, ["batch", *MAP]))
    graph.save(path)
    return Session(path)


def second_half():
    """A torch module: maps [B, *MAP] to the parts HEARD. Depthwise kernels stay: they are few, generic, and slow to train."""
    graph, path = Body(SHIPPED).graph, OUT / "audio_second.onnx"
    cut, ends = cut_of(graph), list(next(n for n in graph.graph.node if "said" in n.output).input[: len(HEARD)])
    have, kept = {"", cut, *graph.weights}, []
    for node in graph.graph.node:
        if cut not in node.output and have.issuperset(node.input):
            kept.append(node)
            have.update(node.output)
    del graph.graph.node[:], graph.graph.input[:]
    graph.graph.node.extend(kept)
    graph.graph.input.append(helper.make_tensor_value_info(cut, 1, ["batch", *MAP]))
    onnx.save(graph.model, str(path))
    module = OnnxModule(path, ends)
    for p in module.parameters():
        p.requires_grad_(p.dim() > 0 and not (p.dim() == 4 and p.shape[1] == 1))
    return module


def write_halves(module, state, path):
    """The tower with the second half's weights as in the state: its heads are still those of the body before."""
    graph = Graph(SHIPPED)
    for name, parameter in module.names.items():
        graph.constant(name, state[parameter].numpy())
    graph.save(path)
