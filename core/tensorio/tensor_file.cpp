// SPDX-License-Identifier: MIT
#include "core/tensorio/tensor_file.h"

#include <cstdint>
#include <memory>
#include <new>

#include "core/base/text.h"

namespace orrery::tensorio {

std::optional<std::size_t> bytesOnDisk(const TensorInfo& info) {
  const auto elements = elementCount(info.shape);
  if (!elements) return std::nullopt;
  if (info.encoding) return info.encoding->bytes(*elements);
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(*elements), byteSize(info.dtype), &bytes)) return std::nullopt;
  return bytes;
}

namespace {

Status checkInfo(const TensorInfo& info, const std::vector<MappedFile>& shards) {
  const auto expected = bytesOnDisk(info);
  if (info.file >= shards.size()) return badInput("tensor " + inQuotes(info.name) + " names a shard that is not open");
  const MappedFile& shard = shards[info.file];
  if (expected != info.bytes)
    return badInput("tensor " + inQuotes(info.name) + ": shape " + shapeText(info.shape) + " of " + typeName(info) +
                        " does not make " + std::to_string(info.bytes) + " bytes",
                    shard.path());
  if (info.begin > shard.size() || info.bytes > shard.size() - info.begin)
    return badInput("tensor " + inQuotes(info.name) + " lies past the end of the file", shard.path());
  return Done{};
}

TensorView contiguousView(const TensorInfo& info, const std::byte* data, std::shared_ptr<const void> owner) {
  return {data, info.dtype, info.shape, rowMajorStrides(info.shape), std::move(owner)};
}

// Not value-initialised: the pages are first touched by pread. The length was checked against the file's size.
template <class T> Result<std::shared_ptr<T[]>> memoryFor(const TensorInfo& info, std::size_t count) {
  std::shared_ptr<T[]> memory(new (std::nothrow) T[count]);
  if (!memory)
    return tooLarge("no memory for the " + std::to_string(count * sizeof(T)) + " bytes of " + inQuotes(info.name));
  return memory;
}

bool aligned(const std::byte* data, DType dtype) {
  return reinterpret_cast<std::uintptr_t>(data) % byteSize(dtype) == 0;
}

} // namespace

TensorFile::TensorFile(Parts parts) : m_parts(std::move(parts)) {
  for (std::size_t i = 0; i < m_parts.tensors.size(); ++i) m_index.emplace(m_parts.tensors[i].name, i);
}

Result<TensorFile> TensorFile::make(Parts parts) {
  for (const TensorInfo& info : parts.tensors)
    if (Status ok = checkInfo(info, parts.shards); !ok) return ok.error();
  const std::size_t count = parts.tensors.size();
  TensorFile file(std::move(parts));
  if (file.m_index.size() != count) return badInput("two tensors have the same name");
  return file;
}

std::size_t TensorFile::bytes() const {
  std::size_t sum = 0;
  for (const MappedFile& shard : m_parts.shards) sum += shard.size();
  return sum;
}

const TensorInfo* TensorFile::find(std::string_view name) const {
  const auto found = m_index.find(name);
  return found == m_index.end() ? nullptr : &m_parts.tensors[found->second];
}

Result<TensorView> TensorFile::loadPlain(const TensorInfo& info, std::int64_t first, std::int64_t count) const {
  const std::size_t size = byteSize(info.dtype), length = static_cast<std::size_t>(count) * size;
  auto memory = memoryFor<std::byte>(info, length);
  if (!memory) return memory.error();
  if (Status copied = copyOut(info, static_cast<std::size_t>(first) * size, length, memory->get()); !copied)
    return copied.error();
  return TensorView{memory->get(), info.dtype, {count}, {1}, *memory};
}

// Whole blocks are decoded; the view shows what was asked for.
Result<TensorView> TensorFile::loadEncoded(const TensorInfo& info, std::int64_t first, std::int64_t count) const {
  const std::int64_t all = *elementCount(info.shape), block = info.encoding->block();
  const std::int64_t begin = first / block * block, last = first + count;
  const std::int64_t end = last > all - block ? all : (last + block - 1) / block * block;
  auto memory = memoryFor<float>(info, static_cast<std::size_t>(end - begin));
  if (!memory) return memory.error();
  const auto read = [&](std::size_t offset, std::size_t length, std::byte* to) {
    return copyOut(info, offset, length, to);
  };
  if (Status s = info.encoding->decode(read, all, begin, end - begin, memory->get()); !s) return s.error();
  const auto* data = reinterpret_cast<const std::byte*>(memory->get() + (first - begin));
  return TensorView{data, DType::F32, {count}, {1}, *memory};
}

Result<TensorView> TensorFile::loadRange(const TensorInfo& info, std::int64_t first, std::int64_t count) const {
  const std::int64_t all = elementCount(info.shape).value_or(0);
  if (first < 0 || count < 0 || first > all || count > all - first)
    return badInput("elements " + std::to_string(first) + " + " + std::to_string(count) + " lie outside tensor " +
                    inQuotes(info.name) + " of " + std::to_string(all));
  if (info.encoding) return loadEncoded(info, first, count);
  return loadPlain(info, first, count);
}

Result<TensorView> TensorFile::load(const TensorInfo& info) const {
  auto flat = loadRange(info, 0, elementCount(info.shape).value_or(0));
  if (!flat) return flat;
  return contiguousView(info, flat->data, std::move(flat->owner));
}

Result<TensorView> TensorFile::load(std::string_view name) const {
  const TensorInfo* info = find(name);
  if (!info) return notFound("no tensor " + inQuotes(name));
  return load(*info);
}

Result<TensorView> TensorFile::view(std::string_view name) const {
  const TensorInfo* info = find(name);
  if (!info) return notFound("no tensor " + inQuotes(name));
  const MappedFile& shard = m_parts.shards[info->file];
  const std::byte* data = shard.bytes().data() + info->begin;
  if (info->encoding || !aligned(data, info->dtype)) return load(*info);
  return contiguousView(*info, data, shard.owner());
}

Status TensorFile::copyOut(const TensorInfo& info, std::size_t offset, std::size_t length, std::byte* to) const {
  if (info.file >= m_parts.shards.size() || offset > info.bytes || length > info.bytes - offset)
    return badInput("bytes " + std::to_string(offset) + " + " + std::to_string(length) + " lie outside tensor " +
                    inQuotes(info.name));
  return m_parts.shards[info.file].copyOut(info.begin + offset, length, to);
}

Status TensorFile::verifyUnchanged() const {
  for (const MappedFile& shard : m_parts.shards)
    if (Status same = shard.verifyUnchanged(); !same) return same;
  return Done{};
}

} // namespace orrery::tensorio
