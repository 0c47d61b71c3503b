// SPDX-License-Identifier: MIT
#include "core/tensorio/tensor_file.h"

#include <cstdint>
#include <memory>
#include <new>

#include "core/base/text.h"

namespace orrery::tensorio {
namespace {

Status checkInfo(const TensorInfo& info, const std::vector<MappedFile>& shards) {
  const auto count = elementCount(info.shape);
  if (info.file >= shards.size()) return badInput("tensor " + inQuotes(info.name) + " names a shard that is not open");
  const MappedFile& shard = shards[info.file];
  if (!count || static_cast<std::size_t>(*count) > SIZE_MAX / byteSize(info.dtype) ||
      static_cast<std::size_t>(*count) * byteSize(info.dtype) != info.bytes)
    return badInput("tensor " + inQuotes(info.name) + ": shape " + shapeText(info.shape) + " does not make " +
                        std::to_string(info.bytes) + " bytes",
                    shard.path());
  if (info.begin > shard.size() || info.bytes > shard.size() - info.begin)
    return badInput("tensor " + inQuotes(info.name) + " lies past the end of the file", shard.path());
  return Done{};
}

TensorView contiguousView(const TensorInfo& info, const std::byte* data, std::shared_ptr<const void> owner) {
  return {data, info.dtype, info.shape, rowMajorStrides(info.shape), std::move(owner)};
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

Result<TensorView> TensorFile::load(const TensorInfo& info) const {
  // Not value-initialised: the pages are first touched by pread. The length was checked against the file's size.
  std::shared_ptr<std::byte[]> memory(new (std::nothrow) std::byte[info.bytes]);
  if (!memory) return tooLarge("no memory for the " + std::to_string(info.bytes) + " bytes of " + inQuotes(info.name));
  if (Status copied = copyOut(info, 0, info.bytes, memory.get()); !copied) return copied.error();
  const std::byte* data = memory.get();
  return contiguousView(info, data, std::move(memory));
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
  if (!aligned(data, info->dtype)) return load(*info);
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
