// SPDX-License-Identifier: MIT
#include "core/sweep/map_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/hdf5/attribute.h"
#include "core/hdf5/dataset.h"
#include "core/hdf5/file.h"

namespace orrery::sweep {
namespace {

constexpr const char* kFormat = "orrery-map";
constexpr std::int64_t kVersion = 1, kChunkSide = 64;
constexpr std::int64_t kMaxSpecBytes = 64 << 20;
constexpr std::size_t kMaxNulls = 64;

struct RealField {
  const char* name;
  double Digest::*member;
};
constexpr std::array kPlain = {RealField{"first", &Digest::first}, RealField{"last", &Digest::last},
                               RealField{"min", &Digest::min}};

struct SumField {
  const char* name;
  double CurveSums::*member;
};
constexpr std::array kSums = {SumField{"mean_first", &CurveSums::meanFirst},
                              SumField{"mean_last", &CurveSums::meanLast}, SumField{"var_last", &CurveSums::varLast},
                              SumField{"sum", &CurveSums::sum}, SumField{"sum_inverse", &CurveSums::sumInverse}};
constexpr const char* kDiverged = "diverged_step";

CurveSums Digest::*sumsOf(Measure measure) {
  return measure == Measure::Torkamandi ? &Digest::torkamandi : &Digest::sohlDickstein;
}
Measure otherThan(Measure measure) {
  return normalisationOf(measure) == Measure::Torkamandi ? Measure::SohlDickstein : Measure::Torkamandi;
}
// Of the group beside /digest that has the sums of the normalisation that the measure does not use.
std::string sumsName(Measure measure) {
  return measure == Measure::Torkamandi ? "digest_torkamandi" : "digest_sohl_dickstein";
}

class Writer {
public:
  Writer(hid_t file, const Map& map, Measure measure, const std::string& path)
      : m_file(file), m_map(map), m_measure(measure), m_path(path), m_shape{map.height(), map.width()} {}

  Status all();

private:
  Status attributes();
  Status layer(hid_t at, const MapLayer& layer);
  Status digests(hid_t at, const std::vector<Digest>& digests);
  Status sums(hid_t group, const std::vector<Digest>& digests, CurveSums Digest::*which);
  Status nulls();
  Status rounding(const RoundingLayer& layer);
  Status array(hid_t at, const char* name, TensorView values, const char* unit);
  Status bytes(hid_t at, const char* name, const std::vector<std::uint8_t>& values, const char* unit) {
    return array(at, name, viewOf(values, DType::U8, m_shape), unit);
  }
  template <class Get>
  Status reals(hid_t at, const char* name, const std::vector<Digest>& digests, const char* unit, const Get& get) {
    std::vector<double> values(digests.size());
    std::transform(digests.begin(), digests.end(), values.begin(), get);
    return array(at, name, viewOf(std::move(values), m_shape), unit);
  }

  hid_t m_file;
  const Map& m_map;
  Measure m_measure;
  const std::string& m_path;
  Shape m_shape;
};

Status Writer::array(hid_t at, const char* name, TensorView values, const char* unit) {
  h5::DatasetOptions options;
  options.compress = true;
  for (const std::int64_t side : values.shape) options.chunk.push_back(std::clamp<std::int64_t>(side, 1, kChunkSide));
  if (values.shape.size() == 1) options.chunk = {std::max<std::int64_t>(1, values.shape[0])};
  auto dataset = h5::Dataset::create(at, name, values.dtype, options, m_path);
  if (!dataset) return dataset.error();
  if (Status status = dataset->resize(values.shape); !status) return status;
  if (Status status = dataset->write(values, Shape(values.shape.size(), 0)); !status) return status;
  return h5::setAttribute(dataset->id(), "unit", unit, m_path);
}

Status Writer::attributes() {
  const auto set = [&](const char* name, const auto& value) { return h5::setAttribute(m_file, name, value, m_path); };
  for (const auto& [name, text] : {std::pair{"format", std::string(kFormat)}, std::pair{"spec", m_map.spec}})
    if (Status status = set(name, text); !status) return status;
  const std::array<std::pair<const char*, std::int64_t>, 6> numbers = {{{"format_version", kVersion},
                                                                        {"audits", m_map.audits},
                                                                        {"audit_errors", m_map.failedAudits},
                                                                        {"complete", m_map.complete ? 1 : 0},
                                                                        {"shard", m_map.shard},
                                                                        {"shards", m_map.shards}}};
  for (const auto& [name, value] : numbers)
    if (Status status = set(name, value); !status) return status;
  return Done{};
}

Status Writer::sums(hid_t group, const std::vector<Digest>& digests, CurveSums Digest::*which) {
  for (const SumField& field : kSums)
    if (Status status = reals(group, field.name, digests, "1", [&](const Digest& d) { return d.*which.*field.member; });
        !status)
      return status;
  return Done{};
}

Status Writer::digests(hid_t at, const std::vector<Digest>& digests) {
  auto group = h5::createGroup(at, "digest", m_path);
  if (!group) return group.error();
  for (const RealField& field : kPlain)
    if (Status status =
            reals(group->get(), field.name, digests, "loss", [&](const Digest& d) { return d.*field.member; });
        !status)
      return status;
  if (Status status = sums(group->get(), digests, sumsOf(m_measure)); !status) return status;
  std::vector<std::int32_t> steps(digests.size());
  std::transform(digests.begin(), digests.end(), steps.begin(), [](const Digest& d) { return d.divergedStep; });
  if (Status status = array(group->get(), kDiverged, viewOf(std::move(steps), DType::I32, m_shape), "step"); !status)
    return status;
  auto other = h5::createGroup(at, sumsName(otherThan(m_measure)), m_path);
  return other ? sums(other->get(), digests, sumsOf(otherThan(m_measure))) : Status(other.error());
}

Status Writer::layer(hid_t at, const MapLayer& layer) {
  if (Status status = bytes(at, "class", layer.classes, "bits"); !status) return status;
  if (Status status = array(at, "value", viewOf(layer.value, m_shape), "1"); !status) return status;
  if (Status status = bytes(at, "state", layer.state, "code"); !status) return status;
  return layer.digests.empty() ? Status(Done{}) : digests(at, layer.digests);
}

Status Writer::nulls() {
  if (m_map.nulls.empty()) return Done{};
  auto group = h5::createGroup(m_file, "null", m_path);
  if (!group) return group.error();
  for (const auto& [name, null] : m_map.nulls) {
    auto one = h5::createGroup(group->get(), name, m_path);
    if (!one) return one.error();
    if (Status status = layer(one->get(), null); !status) return status;
  }
  return Done{};
}

Status Writer::rounding(const RoundingLayer& layer) {
  auto group = h5::createGroup(m_file, "rounding", m_path);
  if (!group) return group.error();
  if (Status status = bytes(group->get(), "differs", layer.differs, "bool"); !status) return status;
  return this->layer(group->get(), layer.second);
}

Status Writer::all() {
  if (Status status = attributes(); !status) return status;
  const std::vector<std::uint8_t> text(m_map.spec.begin(), m_map.spec.end());
  const auto length = static_cast<std::int64_t>(text.size());
  if (length > 0)
    if (Status status = array(m_file, "spec", viewOf(text, DType::U8, {length}), "UTF-8"); !status) return status;
  for (const auto& [name, values] : {std::pair{"x", &m_map.x}, std::pair{"y", &m_map.y}})
    if (Status status = array(m_file, name, viewOf(*values, {static_cast<std::int64_t>(values->size())}), "1"); !status)
      return status;
  if (Status status = layer(m_file, m_map.pixels); !status) return status;
  if (Status status = nulls(); !status) return status;
  return m_map.rounding ? rounding(*m_map.rounding) : Status(Done{});
}

class Reader {
public:
  Reader(hid_t file, const ReadMapOptions& options, std::string path)
      : m_file(file), m_options(options), m_path(std::move(path)) {}

  Result<Map> map();

private:
  Status header(Map& map);
  Status spec(Map& map);
  Status axis(const char* name, std::vector<double>& values);
  Status layer(hid_t at, MapLayer& layer);
  Status digests(hid_t at, std::vector<Digest>& digests);
  Status sums(hid_t group, std::vector<Digest>& digests, CurveSums Digest::*which);
  Status nulls(Map& map);
  Status rounding(Map& map);
  Result<TensorView> values(hid_t at, const std::string& name, DType dtype);
  Status bytes(hid_t at, const std::string& name, std::vector<std::uint8_t>& to, std::uint8_t most);
  template <class Set> Status reals(hid_t at, const char* name, std::vector<Digest>& to, const Set& set) {
    auto read = values(at, name, DType::F64);
    if (!read) return read.error();
    for (std::size_t i = 0; i < to.size(); ++i) set(to[i], read->as<double>()[i]);
    return Done{};
  }

  hid_t m_file;
  const ReadMapOptions& m_options;
  std::string m_path;
  Shape m_shape; // [H, W], after header()
  Measure m_measure = Measure::SohlDickstein;
};

Status Reader::axis(const char* name, std::vector<double>& values) {
  auto dataset = h5::Dataset::open(m_file, name, m_path);
  if (!dataset) return dataset.error();
  if (dataset->dtype() != DType::F64 || dataset->shape().size() != 1 || dataset->shape()[0] < 1)
    return badInput(std::string(name) + ": expected float64 [N], found " + shapeText(dataset->shape()), m_path);
  if (dataset->shape()[0] > kMaxPixels)
    return tooLarge(std::string(name) + " has " + std::to_string(dataset->shape()[0]) + " values, at most " +
                        std::to_string(kMaxPixels) + " are read",
                    m_path);
  auto read = dataset->readAll();
  if (!read) return read.error();
  values.assign(read->as<double>(), read->as<double>() + read->shape[0]);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]) || (i > 0 && values[i] <= values[i - 1]))
      return badInput(std::string(name) + "[" + std::to_string(i) + "] is not finite and above the one before", m_path);
  return Done{};
}

Status Reader::spec(Map& map) {
  if (!h5::exists(m_file, "spec")) return Done{};
  auto dataset = h5::Dataset::open(m_file, "spec", m_path);
  if (!dataset) return dataset.error();
  if (dataset->dtype() != DType::U8 || dataset->shape().size() != 1 || dataset->shape()[0] > kMaxSpecBytes)
    return badInput("spec: expected the bytes of a JSON text, at most " + std::to_string(kMaxSpecBytes), m_path);
  auto read = dataset->readAll();
  if (!read) return read.error();
  map.spec.assign(reinterpret_cast<const char*>(read->data), read->bytes());
  auto json = parseJson(map.spec, m_path);
  if (!json) return json.error();
  const auto measure = json->is_object() ? json->find("measure") : json->end();
  if (measure != json->end() && *measure == "torkamandi") m_measure = Measure::Torkamandi;
  return Done{};
}

Status Reader::header(Map& map) {
  auto version = h5::integerAttribute(m_file, "format_version", m_path);
  if (!version) return badInput("not a map file: attribute format_version is missing", m_path);
  if (*version != kVersion)
    return unsupported("format_version: expected " + std::to_string(kVersion) + ", found " + std::to_string(*version),
                       m_path);
  if (!h5::exists(m_file, "class") || !h5::exists(m_file, "x") || !h5::exists(m_file, "y"))
    return badInput("not a map file: expected /x, /y and /class", m_path);
  if (Status status = axis("x", map.x); !status) return status;
  if (Status status = axis("y", map.y); !status) return status;
  m_shape = {map.height(), map.width()};
  if (map.height() > kMaxPixels / map.width())
    return tooLarge("a map of " + shapeText(m_shape) + " pixels, at most " + std::to_string(kMaxPixels) + " are read",
                    m_path);
  const auto number = [&](const char* name, std::int64_t otherwise) {
    auto value =
        h5::hasAttribute(m_file, name) ? h5::integerAttribute(m_file, name, m_path) : Result<std::int64_t>(otherwise);
    return value ? *value : otherwise;
  };
  map.audits = number("audits", 0);
  map.failedAudits = number("audit_errors", 0);
  map.complete = number("complete", 0) == 1;
  const std::int64_t shards = number("shards", 1), shard = number("shard", 0);
  if (shards < 1 || shards > kMaxPixels || shard < 0 || shard >= shards || map.failedAudits < 0 ||
      map.audits < map.failedAudits)
    return badInput("attributes shard, shards, audits and audit_errors contradict each other", m_path);
  map.shard = static_cast<int>(shard);
  map.shards = static_cast<int>(shards);
  return Done{};
}

Result<TensorView> Reader::values(hid_t at, const std::string& name, DType dtype) {
  auto dataset = h5::Dataset::open(at, name, m_path);
  if (!dataset) return dataset.error();
  if (dataset->dtype() != dtype || dataset->shape() != m_shape)
    return badInput(name + ": expected " + std::string(orrery::name(dtype)) + " " + shapeText(m_shape) + ", found " +
                        std::string(orrery::name(dataset->dtype())) + " " + shapeText(dataset->shape()),
                    m_path);
  return dataset->readAll();
}

Status Reader::bytes(hid_t at, const std::string& name, std::vector<std::uint8_t>& to, std::uint8_t most) {
  auto read = values(at, name, DType::U8);
  if (!read) return read.error();
  to.assign(read->as<std::uint8_t>(), read->as<std::uint8_t>() + read->elements());
  const auto bad = std::find_if(to.begin(), to.end(), [&](std::uint8_t v) { return v > most; });
  if (bad == to.end()) return Done{};
  return badInput(name + ": expected values up to " + std::to_string(most) + ", found " + std::to_string(*bad), m_path);
}

Status Reader::sums(hid_t group, std::vector<Digest>& digests, CurveSums Digest::*which) {
  for (const SumField& field : kSums) {
    if (field.member == &CurveSums::meanFirst && !h5::exists(group, field.name)) continue; // not in the common format
    if (Status status = reals(group, field.name, digests, [&](Digest& d, double v) { d.*which.*field.member = v; });
        !status)
      return status;
  }
  return Done{};
}

Status Reader::digests(hid_t at, std::vector<Digest>& digests) {
  auto group = h5::openGroup(at, "digest", m_path);
  if (!group) return group.error();
  digests.resize(static_cast<std::size_t>(m_shape[0] * m_shape[1]));
  for (const RealField& field : kPlain)
    if (Status status = reals(group->get(), field.name, digests, [&](Digest& d, double v) { d.*field.member = v; });
        !status)
      return status;
  if (Status status = sums(group->get(), digests, sumsOf(m_measure)); !status) return status;
  auto steps = values(group->get(), kDiverged, DType::I32);
  if (!steps) return steps.error();
  for (std::size_t i = 0; i < digests.size(); ++i) digests[i].divergedStep = steps->as<std::int32_t>()[i];
  const std::string beside = sumsName(otherThan(m_measure));
  if (!h5::exists(at, beside)) return Done{};
  auto other = h5::openGroup(at, beside, m_path);
  return other ? sums(other->get(), digests, sumsOf(otherThan(m_measure))) : Status(other.error());
}

Status Reader::layer(hid_t at, MapLayer& layer) {
  if (Status status = bytes(at, "class", layer.classes, kStable | kTrainable); !status) return status;
  if (Status status = bytes(at, "state", layer.state, kAudited); !status) return status;
  auto value = values(at, "value", DType::F64);
  if (!value) return value.error();
  layer.value.assign(value->as<double>(), value->as<double>() + value->elements());
  if (!m_options.digests || !h5::exists(at, "digest")) return Done{};
  return digests(at, layer.digests);
}

Status Reader::nulls(Map& map) {
  if (!h5::exists(m_file, "null")) return Done{};
  auto group = h5::openGroup(m_file, "null", m_path);
  if (!group) return group.error();
  auto names = h5::names(group->get(), kMaxNulls, m_path);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    auto one = h5::openGroup(group->get(), name, m_path);
    if (!one) return one.error();
    if (Status status = layer(one->get(), map.nulls[name]); !status) return status;
  }
  return Done{};
}

Status Reader::rounding(Map& map) {
  if (!h5::exists(m_file, "rounding")) return Done{};
  auto group = h5::openGroup(m_file, "rounding", m_path);
  if (!group) return group.error();
  RoundingLayer rounding;
  if (Status status = bytes(group->get(), "differs", rounding.differs, 1); !status) return status;
  if (Status status = layer(group->get(), rounding.second); !status) return status;
  map.rounding = std::move(rounding);
  return Done{};
}

Result<Map> Reader::map() {
  Map map;
  if (Status status = header(map); !status) return status.error();
  if (Status status = spec(map); !status) return status.error();
  if (Status status = layer(m_file, map.pixels); !status) return status.error();
  if (!m_options.nulls) return map;
  if (Status status = nulls(map); !status) return status.error();
  if (Status status = rounding(map); !status) return status.error();
  return map;
}

} // namespace

Measure normalisationOf(Measure measure) {
  return measure == Measure::Torkamandi ? Measure::Torkamandi : Measure::SohlDickstein;
}

Status writeMap(const std::string& path, const Map& map, Measure measure) {
  h5::LibraryLock lock;
  const std::string temporary = temporaryName(path);
  auto file = h5::createFile(temporary);
  Status status = file ? Writer(file->get(), map, measure, path).all() : Status(file.error());
  if (file && status) status = h5::close(*file, temporary, path);
  if (file && !status) h5::discardWrites(file->get());
  if (file && !file->close() && status) status = ioError("cannot finish the file");
  if (status) return renameInto(temporary, path);
  ::unlink(temporary.c_str());
  status.error().where = path;
  return status;
}

Result<Map> readMap(const std::string& path, const ReadMapOptions& options) {
  h5::LibraryLock lock;
  auto file = h5::openFile(path);
  if (!file) return file.error();
  return Reader(file->get(), options, path).map();
}

bool isMapFile(const std::string& path) {
  h5::LibraryLock lock;
  auto file = h5::openFile(path);
  return file && h5::hasAttribute(file->get(), "format_version") && h5::exists(file->get(), "class");
}

} // namespace orrery::sweep
