// SPDX-License-Identifier: MIT
// Whatever the bytes: no crash, and an accepted header describes only what lies inside the file, without overlap. Every
// tensor is decoded, and the tokenizer, if there is one, encodes and decodes.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/tensorio/gguf.h"
#include "core/tokenize/tokenizer.h"

namespace {

using namespace orrery;
using tensorio::TensorInfo;

void decode(std::span<const std::byte> file, const TensorInfo& info) {
  const std::int64_t elements = elementCount(info.shape).value();
  if (!info.encoding || elements > 1 << 20) return;
  const tensorio::ReadBytes read = [&](std::size_t offset, std::size_t length, std::byte* to) -> Status {
    if (offset > info.bytes || length > info.bytes - offset) std::abort();
    std::copy_n(file.data() + info.begin + offset, length, to);
    return Done{};
  };
  std::vector<float> out(static_cast<std::size_t>(elements));
  if (!info.encoding->decode(read, elements, 0, elements, out.data())) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto file = std::as_bytes(std::span(data, size));
  const auto header = tensorio::parseGguf(file, "fuzz");
  if (!header) return header.error().what.empty() ? std::abort(), 0 : 0;
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (const TensorInfo& info : header->tensors) {
    if (info.begin > size || info.bytes > size - info.begin) std::abort();
    if (tensorio::bytesOnDisk(info) != info.bytes) std::abort();
    if (info.bytes > 0) places.emplace_back(info.begin, info.begin + info.bytes);
    decode(file, info);
  }
  std::sort(places.begin(), places.end());
  for (std::size_t i = 1; i < places.size(); ++i)
    if (places[i].first < places[i - 1].second) std::abort();
  const auto tokenizer = tokenize::Tokenizer::fromGguf(header->values, "fuzz");
  if (tokenizer) (*tokenizer)->decode((*tokenizer)->encode("The fox's 12 \xE2\x98\x83", true), false);
  return 0;
}
