// SPDX-License-Identifier: MIT
#include "core/tensorio/safetensors_writer.h"

#include <algorithm>
#include <cstdint>

#include "core/base/atomic_file.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/tensorio/row_major.h"

namespace orrery::tensorio {
namespace {

using Order = std::vector<const NamedTensor*>;

Order fileOrder(const std::vector<NamedTensor>& tensors) {
  Order order;
  for (const NamedTensor& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    const std::size_t sizeA = byteSize(a->view.dtype), sizeB = byteSize(b->view.dtype);
    return sizeA != sizeB ? sizeA > sizeB : a->name < b->name;
  });
  return order;
}

// The JSON header, padded with spaces so that 8 + its length is a multiple of 8.
Result<std::string> headerText(const Order& order, const std::map<std::string, std::string>& metadata,
                               const std::string& path) {
  Json json = Json::object();
  if (!metadata.empty()) json["__metadata__"] = metadata;
  std::size_t at = 0;
  for (const NamedTensor* tensor : order) {
    if (json.contains(tensor->name) || tensor->name == "__metadata__")
      return badInput("tensor name " + inQuotes(tensor->name) + " cannot be used (twice, or reserved)", path);
    if (!elementCount(tensor->view.shape))
      return badInput("tensor " + inQuotes(tensor->name) + ": " + shapeText(tensor->view.shape) + " is not a shape",
                      path);
    const std::size_t end = at + tensor->view.bytes();
    json[tensor->name] = {
        {"dtype", name(tensor->view.dtype)}, {"shape", tensor->view.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  try {
    std::string text = json.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
  } catch (const Json::exception&) { // a string that is not UTF-8
    return badInput("a tensor name or metadata text is not UTF-8", path);
  }
}

std::string lengthField(std::uint64_t length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(length >> (8 * i) & 0xff);
  return bytes;
}

} // namespace

Status writeSafetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                        const std::map<std::string, std::string>& metadata) {
  const Order order = fileOrder(tensors);
  auto header = headerText(order, metadata, path);
  if (!header) return header.error();
  auto file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status written = file->write(lengthField(header->size()) + *header); !written) return written;
  for (const NamedTensor* tensor : order) {
    Status written = forEachPiece(tensor->view, [&](std::span<const std::byte> piece) { return file->write(piece); });
    if (!written) return written;
  }
  return file->commit();
}

} // namespace orrery::tensorio
