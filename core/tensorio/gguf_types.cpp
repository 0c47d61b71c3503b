// SPDX-License-Identifier: MIT
#include "core/tensorio/gguf_types.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "core/tensorio/gguf_blocks.h"

namespace orrery::tensorio {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10; // stays in the second-level cache

class BlockEncoding final : public Encoding {
public:
  explicit BlockEncoding(const GgufBlockType& type) : m_type(type) {}

  std::string_view name() const override { return m_type.name; }
  std::int64_t block() const override { return m_type.elements; }

  std::optional<std::size_t> bytes(std::int64_t elements) const override {
    std::size_t bytes = 0;
    if (elements < 0 || elements % m_type.elements != 0 ||
        __builtin_mul_overflow(static_cast<std::size_t>(elements / m_type.elements), m_type.bytes, &bytes))
      return std::nullopt;
    return bytes;
  }

  Status decode(const ReadBytes& read, std::int64_t, std::int64_t first, std::int64_t count,
                float* out) const override {
    const std::int64_t all = count / m_type.elements;
    const std::int64_t step = std::min(all, static_cast<std::int64_t>(kReadBytes / m_type.bytes));
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(step) * m_type.bytes);
    std::size_t at = static_cast<std::size_t>(first / m_type.elements) * m_type.bytes;
    for (std::int64_t done = 0; done < all; done += step) {
      const std::int64_t blocks = std::min(step, all - done);
      const std::size_t length = static_cast<std::size_t>(blocks) * m_type.bytes;
      if (Status s = read(at, length, reinterpret_cast<std::byte*>(bytes.data())); !s) return s;
      m_type.decode(bytes.data(), blocks, out + done * m_type.elements);
      at += length;
    }
    return Done{};
  }

private:
  const GgufBlockType& m_type;
};

using Encodings = std::map<std::uint32_t, std::shared_ptr<const Encoding>>;

const Encodings& encodings() {
  static const Encodings all = [] {
    Encodings made;
    for (const auto types : {ggufSimpleBlocks(), ggufKBlocks(), ggufGridBlocks()})
      for (const GgufBlockType& type : types) made.emplace(type.id, std::make_shared<BlockEncoding>(type));
    return made;
  }();
  return all;
}

struct PlainType {
  std::uint32_t id;
  DType dtype;
};
constexpr std::array kPlain = {PlainType{0, DType::F32},  PlainType{1, DType::F16},  PlainType{24, DType::I8},
                               PlainType{25, DType::I16}, PlainType{26, DType::I32}, PlainType{27, DType::I64},
                               PlainType{28, DType::F64}, PlainType{30, DType::BF16}};

struct OtherType {
  std::uint32_t id;
  std::string_view name;
};
// Withdrawn from the format, made for the inside of a program only, or too new.
constexpr std::array kOther = {OtherType{4, "Q4_2"},        OtherType{5, "Q4_3"},        OtherType{9, "Q8_1"},
                               OtherType{15, "Q8_K"},       OtherType{31, "Q4_0_4_4"},   OtherType{32, "Q4_0_4_8"},
                               OtherType{33, "Q4_0_8_8"},   OtherType{36, "IQ4_NL_4_4"}, OtherType{37, "IQ4_NL_4_8"},
                               OtherType{38, "IQ4_NL_8_8"}, OtherType{41, "Q1_0"},       OtherType{42, "Q2_0"}};

} // namespace

Result<GgufType> ggufType(std::uint32_t id) {
  if (const auto at = encodings().find(id); at != encodings().end()) return GgufType{DType::F32, at->second};
  for (const PlainType& type : kPlain)
    if (type.id == id) return GgufType{type.dtype, nullptr};
  for (const OtherType& type : kOther)
    if (type.id == id)
      return unsupported("type " + std::string(type.name) + " (" + std::to_string(id) + ") is not supported");
  return unsupported("type " + std::to_string(id) + " is not known");
}

} // namespace orrery::tensorio
