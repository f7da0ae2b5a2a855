"""The sound tower's body, cut out of a tower at the inputs of its head; run once over windows, so that heads are trained on what it says.

What it says of a window, part by part: the mean of its last map (what the head of version 2 had), the loudest moment of that map, mean
and loudest moment of an earlier one, what its squeeze-excite gates look at, and the 512 values that the teacher's labels are made of.
"""
from onnx import helper

from paths import HERE, OUT
from quantise import Graph
from session import Session

SHIPPED, TUNED = HERE.parent / "packs" / "embedded" / "audio.onnx", OUT / "audio_base.onnx"  # the tower whose body it is: this recipe's own, if there is one
PARTS = {"mean": 384, "hidden": 512, "peak": 384, "middle": 96, "gates": 1632}
WIDTH, BATCH = sum(PARTS.values()), 32


class Body:
    """A tower's graph without its head: `graph` with one output, `said` [batch, WIDTH], and the last layer of the teacher's labels."""

    def __init__(self, path=None):
        self.graph = graph = Graph(path or (TUNED if TUNED.exists() else SHIPPED))
        labels = next(n for n in graph.graph.node if n.op_type == "Gemm" and graph.weights[n.input[1]].shape == (527, 512))
        self.weight, self.bias = graph.weights[labels.input[1]], graph.weights[labels.input[2]]
        if not any("said" in n.output for n in graph.graph.node):
            self._gather(labels)
        del graph.graph.output[:]
        graph.graph.output.append(helper.make_tensor_value_info("said", 1, ["batch", WIDTH]))
        self._only_needed()

    def _gather(self, labels):
        """Behind the body of a tower as version 2 was: the parts, in one vector."""
        nodes = list(self.graph.graph.node)
        maker = {n.output[0]: n for n in nodes}
        hidden = labels.input[0]
        mean = maker[maker[hidden].input[0]].input[0]
        last = maker[maker[mean].input[0]].input[0]
        joins = [n.output[0] for n in nodes if n.op_type == "Add" and n.output[0].startswith("/body")]
        gates = [n.output[0] for n in nodes if n.op_type == "ReduceMean" and n.output[0].startswith("/body") and n.input[0] != last]
        peak, middle = self._moments(last)[1], self._moments(joins[7])
        flat = [self._add("Flatten", [g], f"/said/gate{i}", axis=1) for i, g in enumerate(gates)]
        self._add("Concat", [mean, hidden, peak, *middle, *flat], "said", axis=1)

    def _only_needed(self):
        wanted = {"said"}
        for node in reversed(list(self.graph.graph.node)):
            if wanted & set(node.output):
                wanted |= set(node.input)
            else:
                self.graph.graph.node.remove(node)

    def _add(self, op, inputs, output, **attributes):
        self.graph.graph.node.append(helper.make_node(op, inputs, [output], output, **attributes))
        return output

    def _moments(self, name):
        """Mean over bands of a map, then its mean and its loudest over time."""
        slim = name.replace("/", "_")
        line = self._add("ReduceMean", [name], f"/said/line{slim}", axes=[2], keepdims=0)
        return [self._add(op, [line], f"/said/{op}{slim}", axes=[2], keepdims=0) for op in ("ReduceMean", "ReduceMax")]

    def session(self):
        path = OUT / "audio_body.onnx"
        self.graph.save(path)
        return Session(path)
