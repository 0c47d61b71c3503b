// SPDX-License-Identifier: MIT
// The model.bin of llama2.c (source: karpathy/llama2.c, export.py and run.c, runq.c). Little-endian; "ints" are seven
// int32: dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, max_seq_len. All matrices are [out, in].
//   version 0   ints (vocab_size negative: the classifier is not shared), then float32: tok_embeddings,
//               attention_norm x L, wq x L, wk x L, wv x L, wo x L, ffn_norm x L, w1 x L, w2 x L, w3 x L, norm,
//               freq_cis_real, freq_cis_imag, [output]. No magic: told by the ints giving exactly the file's length
//   version 1   "ak42" (0x616b3432), int32 1, ints, u8 shared classifier, zeros up to byte 256, then float32:
//               attention_norm x L, ffn_norm x L, norm, tok_embeddings, wq x L, wk, wv, wo, w1, w2, w3, [output]
//   version 2   the same with int32 2 and int32 group_size after the flag; norms float32, every matrix as int8 values
//               followed by one float32 scale per group_size values: value = q * scale
// Tensors are named as in llama2.c's own model.py. Rows of wq and wk are in Meta's order (interleaved RoPE).
#pragma once
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/tensorio/byte_source.h"
#include "core/tensorio/tensor_info.h"

namespace orrery::tensorio {

struct Llama2cContents {
  std::vector<TensorInfo> tensors; // in file order
  // "version", "dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "max_seq_len",
  // "shared_classifier", in version 2 "group_size".
  Json description;
};

inline constexpr std::int64_t kMaxLlama2cLayers = 4096;

// Reads the header only. Errors: BadInput (no such file, numbers that do not fit the length), Unsupported, Io.
Result<Llama2cContents> readLlama2c(const ByteSource& file);

} // namespace orrery::tensorio
