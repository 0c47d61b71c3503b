// SPDX-License-Identifier: MIT
// The header of a GGUF file.
#include "core/tensorio/gguf.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

#include "core/base/text.h"
#include "core/tensorio/byte_cursor.h"
#include "core/tensorio/gguf_types.h"

namespace orrery::tensorio {
namespace {

constexpr std::uint32_t kMaxDims = 4;
constexpr std::uint32_t kBool = 7, kText = 8, kArray = 9;
constexpr std::array<std::uint64_t, 13> kValueBytes = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8}; // at least

bool isUtf8(const std::string& text) {
  try {
    return !Json(text).dump().empty();
  } catch (const Json::exception&) {
    return false;
  }
}

class GgufReader {
public:
  explicit GgufReader(ByteCursor cursor) : m_in(std::move(cursor)) {}

  Result<GgufHeader> read() {
    const auto counts = readStart();
    if (m_in.ok()) readValues(counts.values);
    if (m_in.ok()) readAlignment();
    if (m_in.ok()) readTensors(counts.tensors);
    if (m_in.ok()) placeTensors();
    if (!m_in.ok()) return m_in.error();
    return std::move(m_header);
  }

private:
  struct Counts {
    std::uint64_t tensors = 0, values = 0;
  };

  Counts readStart() {
    if (m_in.text(std::min<std::size_t>(4, m_in.size())) != "GGUF")
      m_in.fail("is not a GGUF file: no GGUF at its begin");
    m_header.version = m_in.number<std::uint32_t>();
    if (m_in.ok()) checkVersion();
    const auto tensors = m_in.number<std::uint64_t>(), values = m_in.number<std::uint64_t>();
    checkCount("tensors", tensors, 24);
    checkCount("key-values", values, 13);
    return {tensors, values};
  }

  void checkVersion() {
    const std::uint32_t version = m_header.version;
    if (version != 0 && (version & 0xffff) == 0)
      m_in.fail(unsupported("is a big-endian GGUF file; only little-endian ones are read"));
    else if (version != 2 && version != 3)
      m_in.fail(unsupported("is a GGUF file of version " + std::to_string(version) + "; versions 2 and 3 are read"));
  }

  // Each takes at least so many bytes.
  void checkCount(const char* what, std::uint64_t count, std::uint64_t least) {
    if (m_in.ok() && count > m_in.left() / least)
      m_in.fail("promises " + std::to_string(count) + " " + what + ", more than its " + std::to_string(m_in.size()) +
                " bytes can hold");
  }

  void readValues(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count && m_in.ok(); ++i) {
      const std::string key = m_in.text(m_in.number<std::uint64_t>());
      if (m_in.ok() && !isUtf8(key)) m_in.fail("key " + std::to_string(i) + " is not UTF-8");
      Json value = readValue(m_in.number<std::uint32_t>(), key, 0);
      if (m_in.ok() && !m_header.values.emplace(key, std::move(value)).second)
        m_in.fail("key " + inQuotes(key) + " stands twice");
    }
  }

  Json readValue(std::uint32_t type, const std::string& key, int depth) {
    switch (type) {
    case 0:
      return m_in.number<std::uint8_t>();
    case 1:
      return signedNumber(m_in.number<std::int8_t>());
    case 2:
      return m_in.number<std::uint16_t>();
    case 3:
      return signedNumber(m_in.number<std::int16_t>());
    case 4:
      return m_in.number<std::uint32_t>();
    case 5:
      return signedNumber(m_in.number<std::int32_t>());
    case 6:
      return m_in.number<float>();
    case kBool:
      return readBool(key);
    case kText:
      return m_in.text(m_in.number<std::uint64_t>());
    case kArray:
      return readArray(key, depth);
    case 10:
      return m_in.number<std::uint64_t>();
    case 11:
      return signedNumber(m_in.number<std::int64_t>());
    case 12:
      return m_in.number<double>();
    default:
      m_in.fail("key " + inQuotes(key) + ": value type " + std::to_string(type) + " is not known");
      return {};
    }
  }

  // As a JSON parser would have it: unsigned where it is not negative.
  static Json signedNumber(std::int64_t value) {
    return value < 0 ? Json(value) : Json(static_cast<std::uint64_t>(value));
  }

  Json readBool(const std::string& key) {
    const auto value = m_in.number<std::uint8_t>();
    if (value > 1) m_in.fail("key " + inQuotes(key) + ": expected a bool, 0 or 1, found " + std::to_string(value));
    return value == 1;
  }

  Json readArray(const std::string& key, int depth) {
    const auto type = m_in.number<std::uint32_t>();
    const auto count = m_in.number<std::uint64_t>();
    Json items = Json::array();
    checkArray(key, type, count, depth);
    if (m_in.ok()) items.get_ref<Json::array_t&>().reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count && m_in.ok(); ++i) items.push_back(readValue(type, key, depth + 1));
    return items;
  }

  void checkArray(const std::string& key, std::uint32_t type, std::uint64_t count, int depth) {
    if (!m_in.ok()) return;
    const std::string what = "key " + inQuotes(key) + ": ";
    if (depth >= kMaxGgufArrayDepth)
      m_in.fail(what + "arrays lie more than " + std::to_string(kMaxGgufArrayDepth) + " deep");
    else if (type >= kValueBytes.size())
      m_in.fail(what + "value type " + std::to_string(type) + " is not known");
    else if (count > m_in.left() / kValueBytes[type])
      m_in.fail(what + "an array of " + std::to_string(count) + " items does not fit into the " +
                std::to_string(m_in.left()) + " bytes left");
    else if ((m_items += count) > kMaxGgufValues)
      m_in.fail(tooLarge(what + "its arrays hold more than " + std::to_string(kMaxGgufValues) + " items"));
  }

  void readAlignment() {
    const auto found = m_header.values.find("general.alignment");
    if (found == m_header.values.end()) return;
    const auto value = found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
    if (value == 0 || value % 8 != 0 || value > UINT32_MAX)
      return m_in.fail("general.alignment: expected a multiple of 8, found " + shortDump(*found));
    m_header.alignment = static_cast<std::size_t>(value);
  }

  static std::string shortDump(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 40);
  }

  void readTensors(std::uint64_t count) {
    std::set<std::string> names;
    for (std::uint64_t i = 0; i < count && m_in.ok(); ++i) {
      TensorInfo info;
      info.name = m_in.text(m_in.number<std::uint64_t>());
      if (m_in.ok() && !isUtf8(info.name)) m_in.fail("the name of tensor " + std::to_string(i) + " is not UTF-8");
      readShape(info);
      readType(info);
      info.begin = m_in.number<std::uint64_t>(); // from the data's begin; see placeTensors()
      if (m_in.ok() && !names.insert(info.name).second) m_in.fail("tensor " + inQuotes(info.name) + " stands twice");
      m_header.tensors.push_back(std::move(info));
    }
  }

  void failTensor(const TensorInfo& info, const std::string& what) {
    m_in.fail("tensor " + inQuotes(info.name) + ": " + what);
  }

  void readShape(TensorInfo& info) {
    const auto dims = m_in.number<std::uint32_t>();
    if (m_in.ok() && dims > kMaxDims)
      failTensor(info, "has " + std::to_string(dims) + " dimensions, at most 4 are allowed");
    for (std::uint32_t d = 0; d < dims && m_in.ok(); ++d) {
      const auto size = m_in.number<std::uint64_t>();
      if (size > INT64_MAX) failTensor(info, "size " + std::to_string(size) + " in its shape is not a size");
      info.shape.push_back(static_cast<std::int64_t>(size));
    }
    std::reverse(info.shape.begin(), info.shape.end());
  }

  void readType(TensorInfo& info) {
    const auto id = m_in.number<std::uint32_t>();
    if (!m_in.ok()) return;
    auto type = ggufType(id);
    if (!type) return m_in.fail(unsupported("tensor " + inQuotes(info.name) + ": " + type.error().what));
    info.dtype = type->dtype;
    info.encoding = type->encoding;
    const std::int64_t row = info.shape.empty() ? 1 : info.shape.back();
    if (info.encoding && row % info.encoding->block() != 0)
      return failTensor(info, "rows of " + std::to_string(row) + " elements are no multiple of the " +
                                  std::to_string(info.encoding->block()) + " of a block of " + typeName(info));
    const auto bytes = bytesOnDisk(info);
    if (!bytes) return failTensor(info, "shape " + shapeText(info.shape) + " overflows 64 bits");
    info.bytes = *bytes;
  }

  // Offsets become places in the file; checks that all lie inside it and none on another.
  void placeTensors() {
    const std::size_t alignment = m_header.alignment, rest = m_in.position() % alignment;
    const std::size_t begin = m_in.position() + (rest == 0 ? 0 : alignment - rest);
    for (TensorInfo& info : m_header.tensors) place(info, begin);
    if (m_in.ok()) checkOverlaps();
  }

  void place(TensorInfo& info, std::size_t dataBegin) {
    const std::size_t offset = info.begin, data = m_in.size() - std::min(m_in.size(), dataBegin);
    if (offset % m_header.alignment != 0)
      return failTensor(info, "offset " + std::to_string(offset) + " is no multiple of the alignment " +
                                  std::to_string(m_header.alignment));
    if (info.bytes == 0 && offset <= data) {
      info.begin = std::min(dataBegin, m_in.size()) + offset;
      return;
    }
    if (offset > data || info.bytes > data - offset)
      return failTensor(info, "its " + std::to_string(info.bytes) + " bytes at offset " + std::to_string(offset) +
                                  " lie outside the " + std::to_string(data) + " bytes of data");
    info.begin = dataBegin + offset;
  }

  void checkOverlaps() {
    std::vector<const TensorInfo*> byPlace;
    for (const TensorInfo& info : m_header.tensors)
      if (info.bytes > 0) byPlace.push_back(&info);
    std::sort(byPlace.begin(), byPlace.end(), [](const auto* a, const auto* b) { return a->begin < b->begin; });
    for (std::size_t i = 1; i < byPlace.size(); ++i)
      if (byPlace[i - 1]->begin + byPlace[i - 1]->bytes > byPlace[i]->begin)
        return failTensor(*byPlace[i], "overlaps tensor " + inQuotes(byPlace[i - 1]->name));
  }

  ByteCursor m_in;
  GgufHeader m_header;
  std::uint64_t m_items = 0;
};

} // namespace

Result<GgufHeader> parseGguf(std::span<const std::byte> file, const std::string& where) {
  const auto read = [file](std::size_t offset, std::size_t length, std::byte* to) -> Status {
    std::memcpy(to, file.data() + offset, length);
    return Done{};
  };
  return GgufReader(ByteCursor(read, file.size(), where)).read();
}

Result<GgufHeader> readGgufHeader(const MappedFile& file) {
  const auto read = [&file](std::size_t offset, std::size_t length, std::byte* to) {
    return file.copyOut(offset, length, to);
  };
  return GgufReader(ByteCursor(read, file.size(), file.path())).read();
}

} // namespace orrery::tensorio
