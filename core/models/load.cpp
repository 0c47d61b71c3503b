// SPDX-License-Identifier: MIT
// From a checkpoint to a Decoder: every tensor is copied in pieces by pread (a file may be replaced while it is open)
// straight into its place, so the weights exist once.
#include <ATen/CPUGeneratorImpl.h>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <new>
#include <set>

#include "core/base/text.h"
#include "core/models/format.h"
#include "core/models/torch_bridge.h"
#include "core/models/torch_ops.h"
#include "core/models/weights.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::models {
namespace {

using tensorio::TensorFile;
using tensorio::TensorInfo;

constexpr std::size_t kPieceBytes = std::size_t{8} << 20;

std::string megabytes(std::uint64_t bytes) { return std::to_string((bytes + 999999) / 1000000) + " MB"; }

Status checkMemory(const ModelConfig& config, const LoadOptions& options) {
  std::uint64_t needed = config.parameters() * byteSize(options.dtype);
  if (options.processing.any() && config.tied) // the unembedding becomes a matrix of its own
    needed += static_cast<std::uint64_t>(config.vocab * config.model) * byteSize(options.dtype);
  const std::uint64_t limit = options.memoryLimit > 0 ? options.memoryLimit : availableMemory();
  if (needed <= limit) return Done{};
  return tooLarge("the weights need " + megabytes(needed) + " of memory as " + std::string(name(options.dtype)) + ", " +
                  megabytes(limit) + " are available");
}

Status checkOptions(const LoadOptions& options) {
  if (options.dtype != DType::F32 && options.dtype != DType::F64)
    return unsupported("runs compute in F32 or F64, not in " + std::string(name(options.dtype)));
  if (options.device != "cpu")
    return unsupported("device " + inQuotes(options.device) + " is not available in this program; expected \"cpu\"");
  return Done{};
}

// "h.{}.attn.bias" against a name without prefix; {} is a layer number.
bool matches(std::string_view pattern, std::string_view text) {
  const auto hole = pattern.find("{}");
  if (hole == std::string_view::npos) return pattern == text;
  const std::string_view head = pattern.substr(0, hole), tail = pattern.substr(hole + 2);
  if (text.size() <= head.size() + tail.size() || !text.starts_with(head) || !text.ends_with(tail)) return false;
  const std::string_view number = text.substr(head.size(), text.size() - head.size() - tail.size());
  return std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
}

// Where the weight of a family's name lies in the file.
struct Found {
  const TensorInfo* info = nullptr;
  std::int64_t first = 0; // element
  Shape shape;
};

struct Loader {
  const ModelConfig& config;
  const TensorFile& file;
  const LoadOptions& options;
  std::vector<std::string>& warnings;
  std::map<std::string, Found, std::less<>> found = {}; // by the family's name without prefix
  std::uint64_t doneBytes = 0, allBytes = 1;

  Status index();
  Error notPart(const TensorInfo& info) const;
  Result<std::vector<std::string>> unused(const std::vector<WeightSlot>& slots) const;
  Result<Found> infoFor(const WeightSlot& slot) const;
  Status copy(const Found& from, const WeightSlot& slot);
  Status copyPiece(const Found& from, std::int64_t firstRow, std::int64_t rows, const WeightSlot& slot, bool& finite);
};

Status Loader::index() {
  const Family& family = *findFamily(config.architecture);
  const Format* format = formatOf(file);
  for (const TensorInfo& info : file.tensors()) {
    std::optional<std::vector<Alias>> aliases =
        std::vector<Alias>{{std::string(bareName(family, info.name)), 0, info.shape}};
    if (format) aliases = format->aliases(config, family, info);
    if (!aliases) return notPart(info);
    for (Alias& alias : *aliases) {
      const auto [at, fresh] = found.emplace(std::move(alias.name), Found{&info, alias.first, std::move(alias.shape)});
      if (!fresh)
        return badInput("tensors " + inQuotes(at->second.info->name) + " and " + inQuotes(info.name) +
                        " are the same weight");
    }
  }
  return Done{};
}

Error Loader::notPart(const TensorInfo& info) const {
  return badInput("tensor " + inQuotes(info.name) + " " + shapeText(info.shape) + " is not part of a " +
                  config.architecture + " with this config");
}

// Names in the file that belong to the family but to no slot. A name of neither kind is an error.
Result<std::vector<std::string>> Loader::unused(const std::vector<WeightSlot>& slots) const {
  const Family& family = *findFamily(config.architecture);
  std::set<std::string_view> known;
  for (const WeightSlot& slot : slots) known.insert(bareName(family, slot.name));
  const std::string unembed = std::string(family.names.unembed) + ".weight";
  std::vector<std::string> names;
  for (const auto& [bare, place] : found) {
    if (known.contains(bare)) continue;
    const auto isBuffer = [&, name = std::string_view(bare)](std::string_view pattern) {
      return matches(pattern, name);
    };
    const bool tiedCopy = config.tied && bare == unembed; // transformers ties it whatever the file holds
    if (!tiedCopy && std::ranges::none_of(family.buffers, isBuffer)) return notPart(*place.info);
    names.push_back(place.info->name);
  }
  return names;
}

Result<Found> Loader::infoFor(const WeightSlot& slot) const {
  const auto at = found.find(bareName(*findFamily(config.architecture), slot.name));
  if (at == found.end()) return badInput("tensor " + inQuotes(slot.name) + " " + shapeText(slot.shape) + " is missing");
  const TensorInfo& info = *at->second.info;
  if (at->second.shape != slot.shape)
    return badInput(info.name + ": expected " + shapeText(slot.shape) + ", file has " + shapeText(at->second.shape));
  if (!isFloating(info.dtype))
    return badInput(info.name + ": expected a floating-point dtype, file has " + std::string(name(info.dtype)));
  return at->second;
}

// Stored rows [firstRow, firstRow + n) to their places. Returns what was written.
at::Tensor put(const WeightSlot& slot, std::int64_t firstRow, const at::Tensor& piece) {
  at::Tensor values = piece.to(slot.place.scalar_type());
  if (slot.addOne) values = values + 1;
  if (slot.rows.empty()) return slot.place.narrow(0, firstRow, piece.size(0)).copy_(values);
  const at::ArrayRef<std::int64_t> rows(slot.rows);
  slot.place.index_copy_(
      0, at::tensor(rows.slice(static_cast<std::size_t>(firstRow), static_cast<std::size_t>(piece.size(0))), at::kLong),
      values);
  return values;
}

Status Loader::copyPiece(const Found& from, std::int64_t firstRow, std::int64_t rows, const WeightSlot& slot,
                         bool& finite) {
  const std::int64_t width = from.shape.size() > 1 ? from.shape[1] : 1;
  auto loaded = file.loadRange(*from.info, from.first + firstRow * width, rows * width);
  if (!loaded) return loaded.error();
  TensorView view = *loaded;
  view.shape = from.shape.size() > 1 ? Shape{rows, width} : Shape{rows};
  view.strides = rowMajorStrides(view.shape);
  if (!hasScalarType(view.dtype)) view = orrery::viewOf(toFloats(view), view.shape); // F8
  auto piece = tensorOf(view);
  if (!piece) return piece.error();
  const at::Tensor target = put(slot, firstRow, *piece);
  if (finite) finite = at::isfinite(target.sum()).item<bool>() || at::isfinite(target).all().item<bool>();
  return Done{};
}

Status Loader::copy(const Found& from, const WeightSlot& slot) {
  const std::int64_t rows = from.shape.front(), elements = elementCount(from.shape).value_or(1);
  const auto rowBytes = static_cast<std::size_t>(std::max<std::int64_t>(1, elements / rows)) * sizeof(float);
  const std::int64_t step = std::max<std::int64_t>(1, static_cast<std::int64_t>(kPieceBytes / rowBytes));
  bool finite = true;
  for (std::int64_t first = 0; first < rows; first += step) {
    if (options.stop.stop_requested()) return cancelled();
    const std::int64_t count = std::min(step, rows - first);
    if (Status s = copyPiece(from, first, count, slot, finite); !s) return s;
    doneBytes += static_cast<std::uint64_t>(count) * rowBytes;
    if (options.progress) options.progress(static_cast<double>(doneBytes) / static_cast<double>(allBytes));
  }
  if (!finite)
    warnings.push_back("tensor " + inQuotes(from.info->name) + " holds numbers that are not finite (NaN or infinity)");
  return Done{};
}

// Every slot finds its tensor, of the right shape and kind, and no tensor is left over.
Result<std::vector<Found>> match(Loader& loader, const std::vector<WeightSlot>& slots) {
  if (Status s = loader.index(); !s) return s.error();
  std::vector<Found> infos;
  for (const WeightSlot& slot : slots) {
    auto info = loader.infoFor(slot);
    if (!info) return info.error();
    infos.push_back(*info);
    loader.allBytes += static_cast<std::uint64_t>(elementCount(slot.shape).value_or(0)) * sizeof(float);
  }
  if (auto unused = loader.unused(slots); !unused) return unused.error();
  return infos;
}

Status fill(Loader& loader, const Weights& weights) {
  const std::vector<WeightSlot> slots = weightSlots(loader.config, weights);
  auto infos = match(loader, slots);
  if (!infos) return infos.error();
  if (Status s = loader.file.verifyUnchanged(); !s) return s;
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (Status s = loader.copy((*infos)[i], slots[i]); !s) return s;
  return loader.file.verifyUnchanged();
}

// Turns exceptions of libtorch and the allocator into an Error about `path`.
template <class F> auto guarded(const std::string& path, F work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return tooLarge("not enough memory for the weights", path);
  } catch (const c10::Error& error) {
    return Error{Code::Internal, "libtorch: " + std::string(error.what_without_backtrace()), {}, path};
  } catch (const std::exception& error) {
    return Error{Code::Internal, error.what(), {}, path};
  }
}

Error about(Error error, const std::string& path) {
  if (error.where.empty()) error.where = path;
  return error;
}

std::unique_ptr<Decoder::Impl> emptyDecoder(const ModelConfig& config, const LoadOptions& options) {
  auto impl = std::make_unique<Decoder::Impl>();
  impl->config = config;
  impl->dtype = options.dtype;
  impl->device = options.device;
  impl->warnings = config.warnings;
  impl->weights = emptyWeights(config, at::TensorOptions().dtype(scalarType(options.dtype)));
  return impl;
}

Result<std::shared_ptr<Decoder>> load(const std::string& path, const LoadOptions& options) {
  auto file = tensorio::openTensors(path);
  if (!file) return file.error();
  auto config = configOf(path, *file);
  if (!config) return config.error();
  if (Status s = checkMemory(*config, options); !s) return about(s.error(), path);
  auto impl = emptyDecoder(*config, options);
  impl->warnings.insert(impl->warnings.end(), file->warnings().begin(), file->warnings().end());
  Loader loader{impl->config, *file, options, impl->warnings};
  if (Status s = fill(loader, impl->weights); !s) return about(s.error(), path);
  process(impl->config, impl->weights, validProcessing(*config, options.processing, impl->warnings));
  return std::make_shared<Decoder>(std::move(impl));
}

// Standard deviation of a fresh tensor by its name; 0: constant.
void initialise(const std::string& name, at::Tensor& tensor, const ModelConfig& config,
                const at::Generator& generator) {
  if (name.ends_with(".bias")) {
    tensor.zero_();
  } else if (tensor.dim() == 1) {
    tensor.fill_(1);
  } else {
    const bool residual = name.ends_with(".out.weight") || name.ends_with(".down.weight");
    const double shrink = residual ? std::sqrt(2.0 * static_cast<double>(config.layers)) : 1;
    tensor.normal_(0, config.initializerRange / shrink, generator);
  }
}

} // namespace

Result<ModelConfig> configOf(const std::string& path, const tensorio::TensorFile& file) {
  namespace fs = std::filesystem;
  if (const Format* format = formatOf(file)) return format->config(file, path);
  if (file.format() == "gguf") return notFound("the file has no token_embd.weight: it holds no model to run", path);
  std::error_code ignored;
  const std::string parent = fs::is_directory(path, ignored) ? path : fs::path(path).parent_path().string();
  const std::string home = parent.empty() ? "." : parent;
  if (!fs::exists(home + "/config.json", ignored))
    return notFound("to run a model its config.json is needed; there is none beside the weights", path);
  return readConfig(home);
}

Status checkTensors(const ModelConfig& config, const tensorio::TensorFile& file) {
  auto unused = unusedTensors(config, file);
  return unused ? Status(Done{}) : Status(unused.error());
}

Result<std::vector<std::string>> unusedTensors(const ModelConfig& config, const tensorio::TensorFile& file) {
  const std::string path = file.shards().empty() ? std::string() : file.shards().front().path();
  return guarded(path, [&]() -> Result<std::vector<std::string>> {
    // Shapes only: tensors of the meta device have no memory.
    const Weights shapes = emptyWeights(config, at::TensorOptions().dtype(at::kFloat).device(at::kMeta));
    std::vector<std::string> warnings;
    const LoadOptions options;
    Loader loader{config, file, options, warnings};
    const std::vector<WeightSlot> slots = weightSlots(config, shapes);
    if (auto matched = match(loader, slots); !matched) return about(matched.error(), path);
    return loader.unused(slots);
  });
}

Result<std::shared_ptr<Decoder>> loadDecoder(const std::string& path, const LoadOptions& options) {
  if (Status s = checkOptions(options); !s) return s.error();
  return guarded(path, [&]() -> Result<std::shared_ptr<Decoder>> { return load(path, options); });
}

Result<std::shared_ptr<Decoder>> randomDecoder(const ModelConfig& config, std::uint64_t seed,
                                               const LoadOptions& options) {
  if (Status s = checkOptions(options); !s) return s.error();
  if (Status s = checkMemory(config, options); !s) return s.error();
  return guarded({}, [&]() -> Result<std::shared_ptr<Decoder>> {
    auto impl = emptyDecoder(config, options);
    const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    eachWeight(impl->weights,
               [&](const std::string& name, at::Tensor& tensor) { initialise(name, tensor, config, generator); });
    if (impl->config.json.empty()) impl->config.json = configJson(config);
    return std::make_shared<Decoder>(std::move(impl));
  });
}

} // namespace orrery::models
