"""A network as plain PyTorch code, for whoever wants to run it elsewhere."""

from __future__ import annotations

from playground.models.network.spec import NetworkSpec
from playground.models.outcome import refuse

ACTIVATION_CODE = {
    "identity": "x",
    "relu": "torch.relu(x)",
    "tanh": "torch.tanh(x)",
    "sigmoid": "torch.sigmoid(x)",
    "leaky_relu": "torch.nn.functional.leaky_relu(x)",
    "gelu": "torch.nn.functional.gelu(x)",
    "silu": "torch.nn.functional.silu(x)",
    "elu": "torch.nn.functional.elu(x)",
    "selu": "torch.nn.functional.selu(x)",
    "softplus": "torch.nn.functional.softplus(x)",
}
INIT_CODE = {
    "zeros": "torch.zeros_like(w)",
    "normal": "torch.randn_like(w) * {weight_std}",
    "constant": "torch.full_like(w, {weight_value})",
    "xavier_normal": "torch.nn.init.xavier_normal_(w)",
    "xavier_uniform": "torch.nn.init.xavier_uniform_(w)",
    "kaiming_normal": 'torch.nn.init.kaiming_normal_(w, nonlinearity="relu")',
    "kaiming_uniform": 'torch.nn.init.kaiming_uniform_(w, nonlinearity="relu")',
    "lecun_normal": 'torch.nn.init.kaiming_normal_(w, nonlinearity="linear")',
    "lecun_uniform": 'torch.nn.init.kaiming_uniform_(w, nonlinearity="linear")',
    "orthogonal": "torch.nn.init.orthogonal_(w)",
    "torch_default": "torch.nn.init.kaiming_uniform_(w, a=5 ** 0.5)",
}


def network_code(spec: NetworkSpec) -> str:
    """Plain PyTorch that builds such a network and prints the rms of its layers; `ProblemError` if there is none.

    Its random numbers are torch's own, so single values differ from the app's while their law is the same.
    """
    if spec.init not in INIT_CODE:
        refuse(f"There is no short plain code for the init {spec.init}.")
    init = INIT_CODE[spec.init].format(weight_std=spec.weight_std, weight_value=spec.weight_value)
    gain = "" if spec.gain == 1 else f" * {spec.gain}"
    return "\n".join(
        (
            f"torch.manual_seed({spec.seed})",
            f"x = torch.randn({spec.batch}, {spec.width}, dtype=torch.{spec.dtype})",
            f"for layer in range(1, {spec.depth + 1}):",
            f"    w = torch.empty({spec.width}, {spec.width}, dtype=x.dtype)",
            f"    w = {init}{gain}",
            "    x = x @ w.T",
            f"    x = {ACTIVATION_CODE[spec.activation]}",
            "    if layer % 10 == 1 or not x.isfinite().all():",
            '        print(layer, "rms", x.double().square().mean().sqrt().item())',
            "    if not x.isfinite().any():",
            "        break",
        )
    )
