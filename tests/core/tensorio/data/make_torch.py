# SPDX-License-Identifier: MIT
"""Writes the torch files beside this script with torch itself, and what torch.load gives of them:
   pip install torch safetensors numpy; python make_torch.py"""
import collections
import io
import os
import pickle
import struct
import zipfile

import torch
from safetensors.torch import save_file

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch")
os.makedirs(HERE, exist_ok=True)
torch.manual_seed(5)
truth = {}


def path(name):
    return os.path.join(HERE, name)


def save(name, value, tensors=None, **options):
    """torch.save, and the tensors of torch.load's dict (under the key `tensors`, if given) into the truth."""
    torch.save(value, path(name), **options)
    back = torch.load(path(name), weights_only=False)  # this script wrote it
    for key, tensor in (back[tensors] if tensors else back).items():
        if isinstance(tensor, torch.Tensor):
            truth[name + "/" + key] = tensor.detach().contiguous().clone()


def rezip(source, name, compression=zipfile.ZIP_STORED, replace=None, drop=()):
    """The same archive with other entries."""
    with zipfile.ZipFile(path(source)) as old, zipfile.ZipFile(path(name), "w", compression) as new:
        for item in old.infolist():
            if not item.filename.endswith(tuple(drop) or ("\0",)):
                data = (replace or {}).get(item.filename.split("/", 1)[1], old.read(item))
                new.writestr(zipfile.ZipInfo(item.filename, (2024, 1, 1, 0, 0, 0)), data, compression)


def zip64(source, name):
    """The same archive with every number of its directory in the zip64 records."""
    data = open(path(source), "rb").read()
    end = data.rfind(b"PK\5\6")
    count, size, begin = struct.unpack("<HII", data[end + 10 : end + 20])
    rows, at = b"", begin
    for _ in range(count):
        head = data[at : at + 46]
        bytes_, (n, extra, comment) = struct.unpack("<I", head[24:28])[0], struct.unpack("<HHH", head[28:34])
        field = struct.pack("<HHQQQ", 1, 24, bytes_, bytes_, struct.unpack("<I", head[42:46])[0])
        full = b"\xff" * 4
        rows += head[:20] + full * 2 + struct.pack("<HHH", n, len(field), 0) + head[34:42] + full
        rows += data[at + 46 : at + 46 + n] + field
        at += 46 + n + extra + comment
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(rows), begin)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, begin + len(rows), 1)
    last = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    open(path(name), "wb").write(data[:begin] + rows + end64 + locator + last)


def pickled(name, data):
    rezip("parameters.pt", name, replace={"data.pkl": data})


class Net(torch.nn.Module):  # its state_dict carries "_metadata"
    def __init__(self):
        super().__init__()
        self.one, self.two = torch.nn.Linear(3, 5), torch.nn.Linear(5, 3, bias=False)
        self.two.weight = torch.nn.Parameter(self.one.weight.detach().T.contiguous())
        self.register_buffer("count", torch.tensor(7))


base = torch.randn(6, 4)
save("state_dict.pt", Net().state_dict())
save(
    "dtypes.pt",
    collections.OrderedDict(
        [(str(t).split(".")[1], (torch.arange(-4, 8) * 1.5).to(t).reshape(3, 4)) for t in (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)]
        + [("float8_e4m3fn", torch.arange(4.0).to(torch.float8_e4m3fn)), ("bool", torch.tensor([True, False])), ("uint16", torch.tensor([1, 65535], dtype=torch.uint16))]
        + [("scalar", torch.tensor(2.5)), ("empty", torch.zeros(0, 5)), ("rows_2_to_4", base[2:4]), ("whole", base), ("again", base), ("column_of_one", base[:1, :].T[:, :1])]
    ),
)
save("parameters.pt", {"w": torch.nn.Parameter(torch.randn(2, 3))})
for protocol in (3, 4, 5):
    save(f"protocol{protocol}.pt", {"w": torch.randn(2, 3), "lists": [1, [2.5, None, True], (-1, 70000, -(1 << 40))]}, pickle_protocol=protocol)

args = dict(n_layer=1, n_head=2, n_embd=4, block_size=8, bias=False, vocab_size=5, dropout=0.0)
model = torch.nn.Linear(4, 5, bias=False)
optimizer = torch.optim.AdamW(model.parameters())
model(torch.ones(4)).sum().backward()
optimizer.step()
config = {"dataset": "shakespeare_char", "learning_rate": 6e-4, "betas": (0.9, 0.95), "compile": True, "wandb": None, "name": "grüße", "seed": -1337}
save("nanogpt.pt", {"model": {"lm_head.weight": model.weight.detach()}, "optimizer": optimizer.state_dict(), "model_args": args, "iter_num": 250, "best_val_loss": torch.tensor(1.5), "config": config}, "model")

torch.save({"w": base.T}, path("transposed.pt"))
torch.save({"w": base}, path("old_format.pt"), _use_new_zipfile_serialization=False)
torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 1), torch.ones(2)), path("script.pt"))
rezip("parameters.pt", "compressed.pt", zipfile.ZIP_DEFLATED)
rezip("parameters.pt", "big_endian.pt", replace={"byteorder": b"big"})
rezip("parameters.pt", "no_pickle.pt", drop=["data.pkl"])
rezip("parameters.pt", "short_storage.pt", replace={"data/0": b"\0" * 20})
zip64("protocol4.pt", "zip64.pt")
truth["zip64.pt/w"] = truth["protocol4.pt/w"].clone()


class Evil:  # a call that only a careless reader would do
    def __reduce__(self):
        return os.system, ("touch PWNED",)


pickled("evil.pt", pickle.dumps({"w": Evil()}, 2))
pickled("evil_stack_global.pt", pickle.dumps({"w": Evil()}, 4))
pickled("evil_class.pt", pickle.dumps({"w": io.StringIO()}, 2))
pickled("no_dict.pt", pickle.dumps([1, 2], 2))

stoi = {c: i for i, c in enumerate(sorted(set("Grüße, world!\n")))}
pickle.dump({"vocab_size": len(stoi), "itos": {i: c for c, i in stoi.items()}, "stoi": stoi}, open(path("meta.pkl"), "wb"))
save_file(truth, path("truth.safetensors"))
