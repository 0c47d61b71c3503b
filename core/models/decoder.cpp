// SPDX-License-Identifier: MIT
#include "core/models/decoder.h"

#include <cstdio>
#include <fstream>
#include <unistd.h>

#include "core/models/block.h"
#include "core/models/torch_bridge.h"
#include "core/models/torch_ops.h"
#include "core/models/weights.h"

namespace orrery::models {

std::uint64_t availableMemory() {
  std::ifstream file("/proc/meminfo");
  std::string key, unit;
  for (std::uint64_t kilobytes = 0; file >> key >> kilobytes; std::getline(file, unit))
    if (key == "MemAvailable:") return kilobytes * 1024;
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
}

Decoder::Decoder(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Decoder::~Decoder() = default;
const ModelConfig& Decoder::config() const { return m_impl->config; }
DType Decoder::dtype() const { return m_impl->dtype; }
const std::string& Decoder::device() const { return m_impl->device; }
const std::vector<std::string>& Decoder::warnings() const { return m_impl->warnings; }
std::uint64_t Decoder::parameters() const { return config().parameters(); }
std::uint64_t Decoder::weightBytes() const { return parameters() * byteSize(dtype()); }

std::vector<NamedTensor> parameters(const Decoder& decoder) {
  std::vector<NamedTensor> all;
  Weights weights = decoder.impl().weights;
  eachWeight(weights, [&](const std::string& name, at::Tensor& tensor) { all.push_back({name, tensor}); });
  return all;
}

std::vector<NamedTensor> checkpointTensors(const Decoder& decoder) {
  std::vector<NamedTensor> all;
  for (WeightSlot& slot : weightSlots(decoder.config(), decoder.impl().weights)) {
    at::Tensor stored = slot.place;
    if (!slot.rows.empty())
      stored = stored.index_select(0, at::tensor(at::ArrayRef<std::int64_t>(slot.rows), at::kLong));
    all.push_back({std::move(slot.name), slot.addOne ? stored - 1 : stored});
  }
  return all;
}

at::Tensor trainForward(const Decoder& decoder, const at::Tensor& tokens) {
  const Decoder::Impl& impl = decoder.impl();
  const Taps silent;
  DenseAttention attention(impl.config, scalarType(impl.dtype));
  const Pass pass{impl.config, impl.weights, attention, silent, Ops{false}, 0};
  at::Tensor x = embed(pass, tokens); // [B, T, D]
  for (int layer = 0; layer < static_cast<int>(impl.config.layers); ++layer) x = block(pass, layer, x);
  return softcapped(impl.config, unembed(pass.ops, impl.weights, finalNorm(pass, x))); // [B, T, V]
}

} // namespace orrery::models
