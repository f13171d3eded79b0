"""The two sides of bench/zoo/run on a GPU: tensors of torch in its memory, bound once, and a run until its results are there."""

import torch  # before onnxruntime, which takes the CUDA libraries that are loaded

import onnxruntime


class Ours:
    """A context's bound tensors; an engine's run is enqueued, so that it is waited for."""

    def __init__(self, engine, inputs):
        tensors = {info.name: torch.from_numpy(inputs[info.name]).cuda() for info in engine.inputs}
        self.bound = engine.create_context().bind(tensors)
        self.run()

    def run(self):
        self.bound.run()
        torch.cuda.synchronize()

    def outputs(self):
        return {name: tensor.cpu().numpy() for name, tensor in self.bound.outputs.items()}


class Peer:
    """onnxruntime's CUDA provider, without TF32. What it leaves to the CPU runs there."""

    def __init__(self, path, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        providers = [("CUDAExecutionProvider", {"use_tf32": "0"}), "CPUExecutionProvider"]
        self.session = onnxruntime.InferenceSession(path, options, providers=providers)
        if self.session.get_providers()[0] != "CUDAExecutionProvider":
            raise RuntimeError("onnxruntime has no CUDA provider here")

    def bind(self, inputs):
        self.tensors = {name: torch.from_numpy(array).cuda() for name, array in inputs.items()}
        self.binding = self.session.io_binding()
        wanted = {value.name for value in self.session.get_inputs()}
        for name, array in inputs.items():
            if name in wanted:
                self.binding.bind_input(name, "cuda", 0, array.dtype, array.shape, self.tensors[name].data_ptr())
        for output in self.session.get_outputs():
            self.binding.bind_output(output.name, "cuda")
        self.run()
        # From now on the outputs have memory, too.
        values = self.binding.get_outputs()
        for output, value in zip(self.session.get_outputs(), values):
            self.binding.bind_ortvalue_output(output.name, value)

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def outputs(self):
        return dict(zip((o.name for o in self.session.get_outputs()), self.binding.copy_outputs_to_cpu()))
