// SPDX-License-Identifier: MIT
#include "core/tensorio/torch_file.h"

#include <array>
#include <optional>

#include "core/base/text.h"
#include "core/tensorio/safetensors.h"
#include "core/tensorio/tensor_file.h"
#include "core/tensorio/unpickle.h"
#include "core/tensorio/zip_directory.h"

namespace orrery::tensorio {
namespace {

struct TypeRow {
  std::string_view global;
  DType dtype;
};
constexpr std::array kTypes = {
    TypeRow{"torch.DoubleStorage", DType::F64},  TypeRow{"torch.FloatStorage", DType::F32},
    TypeRow{"torch.HalfStorage", DType::F16},    TypeRow{"torch.BFloat16Storage", DType::BF16},
    TypeRow{"torch.LongStorage", DType::I64},    TypeRow{"torch.IntStorage", DType::I32},
    TypeRow{"torch.ShortStorage", DType::I16},   TypeRow{"torch.CharStorage", DType::I8},
    TypeRow{"torch.ByteStorage", DType::U8},     TypeRow{"torch.BoolStorage", DType::Bool},
    TypeRow{"torch.float64", DType::F64},        TypeRow{"torch.float32", DType::F32},
    TypeRow{"torch.float16", DType::F16},        TypeRow{"torch.bfloat16", DType::BF16},
    TypeRow{"torch.int64", DType::I64},          TypeRow{"torch.int32", DType::I32},
    TypeRow{"torch.int16", DType::I16},          TypeRow{"torch.int8", DType::I8},
    TypeRow{"torch.uint64", DType::U64},         TypeRow{"torch.uint32", DType::U32},
    TypeRow{"torch.uint16", DType::U16},         TypeRow{"torch.uint8", DType::U8},
    TypeRow{"torch.bool", DType::Bool},          TypeRow{"torch.float8_e4m3fn", DType::F8E4M3},
    TypeRow{"torch.float8_e5m2", DType::F8E5M2},
};
constexpr std::string_view kUntyped = "torch.storage.UntypedStorage";

std::optional<DType> typeOf(const PickleNode& node) {
  if (node.kind != PickleKind::Global) return std::nullopt;
  for (const TypeRow& row : kTypes)
    if (row.global == node.text) return row.dtype;
  return std::nullopt;
}

bool isRowMajor(const Shape& shape, const Shape& strides) {
  const Shape expected = rowMajorStrides(shape);
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == 0) return true; // no elements
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1 && strides[i] != expected[i]) return false;
  return true;
}

// One tensor: its node checked against the archive.
class TensorReader {
public:
  TensorReader(const Pickle& pickle, const ZipDirectory& zip, const std::string& prefix, const std::string& where)
      : m_pickle(pickle), m_zip(zip), m_prefix(prefix), m_where(where) {}

  Result<TensorInfo> read(const std::string& name, const PickleNode& tensor) {
    m_name = name;
    const PickleNode& arguments = item(tensor, 0);
    const bool typed = tensor.text.ends_with("_v3"); // names the dtype, its storage is bytes
    if (arguments.items.size() < (typed ? 7u : 4u)) return bad("built from too few arguments");
    if (auto found = readStorage(item(arguments, 0)); !found) return found.error();
    if (typed) m_dtype = typeOf(item(arguments, 6));
    if (!m_dtype) return bad("of an element type that is not read here");
    auto shape = sizes(item(arguments, 2)), strides = sizes(item(arguments, 3));
    if (!shape || !strides || strides->size() != shape->size()) return bad("its size and stride are not two lists");
    const PickleNode& offset = item(arguments, 1);
    if (offset.kind != PickleKind::Int || offset.integer < 0) return bad("its offset is no number");
    if (!isRowMajor(*shape, *strides))
      return unsupported("tensor " + inQuotes(m_name) + " of shape " + shapeText(*shape) + " has strides " +
                             shapeText(*strides) + "; only contiguous tensors are read (save x.contiguous())",
                         m_where);
    return place(*std::move(shape), static_cast<std::uint64_t>(offset.integer));
  }

private:
  Error bad(const std::string& what) const { return badInput("tensor " + inQuotes(m_name) + ": " + what, m_where); }
  const PickleNode& item(const PickleNode& node, std::size_t i) const { return m_pickle.at(node.items[i]); }

  Status readStorage(const PickleNode& storage) {
    if (storage.kind != PickleKind::Persistent) return bad("without a storage");
    const PickleNode& id = item(storage, 0);
    if (id.kind != PickleKind::Tuple || id.items.size() < 5 || item(id, 0).text != "storage")
      return bad("its persistent id does not name a storage");
    const PickleNode &type = item(id, 1), &key = item(id, 2), &count = item(id, 4);
    m_dtype = typeOf(type);
    if (!m_dtype && (type.kind != PickleKind::Global || type.text != kUntyped)) return bad("its storage has no type");
    m_storage = key.kind == PickleKind::Text ? m_zip.find(m_prefix + "data/" + key.text) : nullptr;
    if (!m_storage) return bad("its storage " + inQuotes(key.text) + " is not in the archive");
    const std::size_t unit = m_dtype ? byteSize(*m_dtype) : 1;
    if (count.kind != PickleKind::Int || count.integer < 0 ||
        static_cast<std::uint64_t>(count.integer) > m_storage->bytes / unit)
      return bad("its storage " + inQuotes(key.text) + " should hold " + std::to_string(count.integer) +
                 " elements, the archive has " + std::to_string(m_storage->bytes) + " bytes");
    return Done{};
  }

  // A tuple of integers; nothing for anything else.
  std::optional<Shape> sizes(const PickleNode& tuple) const {
    if (tuple.kind != PickleKind::Tuple || tuple.items.size() > kMaxDimensions) return std::nullopt;
    Shape out;
    for (const PickleId id : tuple.items) {
      const PickleNode& size = m_pickle.at(id);
      if (size.kind != PickleKind::Int || size.integer < 0) return std::nullopt;
      out.push_back(size.integer);
    }
    return elementCount(out) ? std::optional(std::move(out)) : std::nullopt;
  }

  Result<TensorInfo> place(Shape shape, std::uint64_t offset) const {
    const std::size_t unit = byteSize(*m_dtype), room = m_storage->bytes / unit;
    const auto count = static_cast<std::uint64_t>(elementCount(shape).value_or(0));
    if (offset > room || count > room - offset)
      return bad(shapeText(shape) + " at element " + std::to_string(offset) + " does not fit into its storage of " +
                 std::to_string(room) + " elements");
    return TensorInfo{m_name, *m_dtype, std::move(shape), m_storage->begin + offset * unit, count * unit, 0, nullptr};
  }

  const Pickle& m_pickle;
  const ZipDirectory& m_zip;
  const std::string &m_prefix, &m_where;
  std::string m_name;
  std::optional<DType> m_dtype;
  const ZipEntry* m_storage = nullptr;
};

class TorchReader {
public:
  explicit TorchReader(const ByteSource& file) : m_file(file) {}

  Result<TorchContents> read() {
    if (Status zip = openZip(); !zip) return zip.error();
    const ZipEntry* entry = m_zip.find(m_prefix + "data.pkl");
    if (entry->bytes > kMaxPickleBytes)
      return tooLarge("data.pkl of " + std::to_string(entry->bytes) + " bytes", where());
    auto bytes = m_file.read(entry->begin, entry->bytes);
    if (!bytes) return bytes.error();
    auto pickle = unpickle(*bytes, where());
    if (!pickle) return pickle.error();
    return collect(*pickle);
  }

private:
  const std::string& where() const { return m_file.where(); }

  Status openZip() {
    auto head = m_file.read(0, std::min<std::size_t>(m_file.size(), 2));
    if (!head) return head.error();
    if (head->starts_with('\x80')) // a bare pickle
      return unsupported("a torch file from before torch 1.6 (no zip archive): load and save it again with torch.save",
                         where());
    auto zip = readZipDirectory(m_file);
    if (!zip) return zip.error();
    m_zip = *std::move(zip);
    if (Status found = findPrefix(); !found) return found;
    return checkByteOrder();
  }

  // All entries of torch.save lie in one folder of any name.
  Status findPrefix() {
    for (const ZipEntry& entry : m_zip.entries) {
      const std::size_t slash = entry.name.find('/');
      if (slash != std::string::npos && entry.name.substr(slash + 1) == "data.pkl")
        m_prefix = entry.name.substr(0, slash + 1);
    }
    if (m_prefix.empty()) return badInput("a zip archive without data.pkl: not written by torch.save", where());
    if (m_zip.find(m_prefix + "constants.pkl"))
      return unsupported("a TorchScript archive (a program with its weights); a state_dict by torch.save is read",
                         where());
    for (const ZipEntry& entry : m_zip.entries)
      if (!entry.stored)
        return unsupported(
            "zip entry " + inQuotes(entry.name) + " is compressed; torch.save stores entries as they are", where());
    return Done{};
  }

  Status checkByteOrder() {
    const ZipEntry* entry = m_zip.find(m_prefix + "byteorder");
    if (!entry) return Done{};
    auto order = m_file.read(entry->begin, std::min<std::size_t>(entry->bytes, 16));
    if (!order) return order.error();
    if (*order == "little") return Done{};
    return unsupported("byte order " + inQuotes(*order) + ", expected \"little\"", where());
  }

  Result<TorchContents> collect(const Pickle& pickle) {
    const PickleNode& top = pickle.top();
    if (top.kind != PickleKind::Dict)
      return unsupported("the file holds no dict of tensors but something else", where());
    const PickleNode* dict = &top;
    std::string_view key;
    for (const std::string_view name : {"model", "state_dict"})
      if (const PickleNode* inner = pickle.find(top, name); key.empty() && inner && inner->kind == PickleKind::Dict) {
        dict = inner;
        key = name;
      }
    TorchContents out;
    if (Status read = addTensors(pickle, *dict, out); !read) return read.error();
    if (out.tensors.empty()) return badInput("no tensors under \"model\", \"state_dict\" or at the top", where());
    describe(pickle, top, key, out);
    return out;
  }

  Status addTensors(const Pickle& pickle, const PickleNode& dict, TorchContents& out) {
    TensorReader reader(pickle, m_zip, m_prefix, where());
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleNode &name = pickle.at(dict.items[i]), &value = pickle.at(dict.items[i + 1]);
      if (value.kind != PickleKind::Tensor) continue;
      if (name.kind != PickleKind::Text || !toJson(pickle, name)) return badInput("a tensor without a name", where());
      auto info = reader.read(name.text, value);
      if (!info) return info.error();
      out.tensors.push_back(*std::move(info));
    }
    return Done{};
  }

  static void describe(const Pickle& pickle, const PickleNode& top, std::string_view modelKey, TorchContents& out) {
    out.description = Json::object();
    for (std::size_t i = 0; i + 1 < top.items.size(); i += 2) {
      const PickleNode& name = pickle.at(top.items[i]);
      if (name.kind != PickleKind::Text || name.text == modelKey || !toJson(pickle, name)) continue;
      if (auto value = toJson(pickle, pickle.at(top.items[i + 1]))) out.description[name.text] = *std::move(value);
    }
  }

  const ByteSource& m_file;
  ZipDirectory m_zip;
  std::string m_prefix; // "archive/"
};

} // namespace

Result<TorchContents> readTorch(const ByteSource& file) { return TorchReader(file).read(); }

Result<TensorFile> openTorch(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  auto contents = readTorch(ByteSource(*file));
  if (!contents) return contents.error();
  return TensorFile::make(
      {"torch", {std::move(*file)}, std::move(contents->tensors), std::move(contents->description), {}});
}

} // namespace orrery::tensorio
