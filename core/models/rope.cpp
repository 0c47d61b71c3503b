// SPDX-License-Identifier: MIT
// Rotary positions (Su et al. 2021, arXiv 2104.09864) and their scalings: linear and dynamic (NTK), Llama-3's,
// YaRN (Peng et al. 2023, arXiv 2309.00071) and LongRoPE (Ding et al. 2024, arXiv 2402.13753), as transformers 5.23
// modeling_rope_utils.py computes them, in float64.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/base/text.h"
#include "core/models/config_reader.h"
#include "core/models/family.h"

namespace orrery::models {
namespace {

using Kind = RopeConfig::Kind;
struct KindName {
  std::string_view name;
  Kind kind;
  std::vector<std::string_view> keys; // beside rope_type, type, rope_theta
};
const std::vector<KindName>& kinds() {
  static const std::vector<KindName> kKinds = {
      {"default", Kind::Default, {}},
      {"linear", Kind::Linear, {"factor"}},
      {"dynamic", Kind::Dynamic, {"factor"}},
      {"llama3", Kind::Llama3, {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}},
      {"yarn",
       Kind::Yarn,
       {"factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate",
        "original_max_position_embeddings"}},
      {"longrope",
       Kind::LongRope,
       {"factor", "attention_factor", "short_factor", "long_factor", "original_max_position_embeddings"}}};
  return kKinds;
}

const KindName* kindOf(const Family& family, ConfigReader& part, ConfigReader& reader) {
  std::string name = part.text("rope_type", part.text("type", "default"));
  if (family.longRopeOnly && (name == "su" || name == "yarn")) name = "longrope"; // names of older Phi-3 files
  std::string known;
  for (const KindName& row : kinds()) {
    if (row.name == name) return &row;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  reader.unsupportedThing("option \"rope_type\" = " + inQuotes(name) +
                          " is not known to this program (known: " + known + ")");
  return nullptr;
}

void checkKeys(const Json& object, const Family& family, const KindName& row, ConfigReader& reader) {
  for (const auto& [key, value] : object.items()) {
    if (key == "rope_type" || key == "type" || key == "rope_theta" || value.is_null()) continue;
    if (key == "partial_rotary_factor" && (family.partialRotary > 0 || value == Json(1) || value == Json(1.0)))
      continue;
    if (std::ranges::find(row.keys, key) == row.keys.end()) return reader.refuse(key, value);
  }
}

double mscale(double factor, double weight) { return factor <= 1 ? 1 : 0.1 * weight * std::log(factor) + 1; }

double yarnAttention(ConfigReader& part, double factor) {
  if (part.find("attention_factor")) return part.required("attention_factor", 0, 1e6);
  constexpr double kMost = 1e4; // the quotient below stays under the bound of attention_factor
  const double a = part.number("mscale", 0, -1e-300, kMost), b = part.number("mscale_all_dim", 0, -1e-300, kMost);
  return a != 0 && b != 0 ? mscale(factor, a) / mscale(factor, b) : mscale(factor, 1);
}

// Ding et al. 2024, as Phi-3 uses it: scores of a stretched context are sharpened.
double longRopeAttention(ConfigReader& part, const RopeConfig& rope) {
  if (part.find("attention_factor")) return part.required("attention_factor", 0, 1e6);
  return rope.factor <= 1 ? 1 : std::sqrt(1 + std::log(rope.factor) / std::log(rope.originalContext));
}

void readLongRope(ConfigReader& part, RopeConfig& rope) {
  rope.shortFactor = part.numbers("short_factor", rope.dims / 2, 1e-10, 1e9);
  rope.longFactor = part.numbers("long_factor", rope.dims / 2, 1e-10, 1e9);
  rope.attentionFactor = longRopeAttention(part, rope);
}

void readScaling(const Json& json, ConfigReader& part, const ModelConfig& config, RopeConfig& rope) {
  constexpr double kMax = 1e9, kMinFactor = 1e-10; // a frequency divided by the factor stays finite
  const auto context = static_cast<double>(config.context);
  const bool fromContext = rope.kind == Kind::Yarn || rope.kind == Kind::LongRope; // a factor may be left out
  if (rope.kind == Kind::Llama3 || fromContext) {
    ConfigReader top(json, part.where());
    const bool outside = top.find("original_max_position_embeddings") != nullptr; // it wins, as in transformers
    rope.originalContext = static_cast<double>(
        (outside ? top : part)
            .size("original_max_position_embeddings", config.context, static_cast<std::int64_t>(kMax)));
    part.adopt(top);
  }
  if (fromContext && !part.find("factor"))
    rope.factor = context / rope.originalContext;
  else if (rope.kind != Kind::Default)
    rope.factor = part.required("factor", kMinFactor, kMax);
  if (rope.kind == Kind::Llama3) {
    rope.lowFrequencyFactor = part.required("low_freq_factor", 0, kMax);
    rope.highFrequencyFactor = part.required("high_freq_factor", rope.lowFrequencyFactor, kMax);
  }
  if (rope.kind == Kind::LongRope) readLongRope(part, rope);
  if (rope.kind != Kind::Yarn) return;
  rope.betaFast = part.number("beta_fast", 32, 0, kMax);
  rope.betaSlow = part.number("beta_slow", 1, 0, kMax);
  rope.truncate = part.flag("truncate", true);
  rope.attentionFactor = yarnAttention(part, rope.factor);
}

// Interpolation share of each frequency: 0 below `low`, 1 above `high`. [n]
double ramp(double low, double high, double i) {
  if (low == high) high += 0.001;
  return std::clamp((i - low) / (high - low), 0.0, 1.0);
}

double yarnCorrection(const RopeConfig& rope, double rotations) {
  return static_cast<double>(rope.dims) * std::log(rope.originalContext / (rotations * 2 * std::numbers::pi)) /
         (2 * std::log(rope.theta));
}

double llama3Frequency(const RopeConfig& rope, double frequency) {
  const double wave = 2 * std::numbers::pi / frequency; // tokens per turn
  if (wave < rope.originalContext / rope.highFrequencyFactor) return frequency;
  if (wave > rope.originalContext / rope.lowFrequencyFactor) return frequency / rope.factor;
  const double smooth =
      (rope.originalContext / wave - rope.lowFrequencyFactor) / (rope.highFrequencyFactor - rope.lowFrequencyFactor);
  return (1 - smooth) * frequency / rope.factor + smooth * frequency;
}

double scaledFrequency(const RopeConfig& rope, double frequency, double i, bool longText) {
  switch (rope.kind) {
  case Kind::Default:
  case Kind::Dynamic:
    return frequency;
  case Kind::Linear:
    return frequency / rope.factor;
  case Kind::Llama3:
    return llama3Frequency(rope, frequency);
  case Kind::LongRope:
    return frequency / (longText ? rope.longFactor : rope.shortFactor)[static_cast<std::size_t>(i)];
  case Kind::Yarn:
    break;
  }
  double low = yarnCorrection(rope, rope.betaFast), high = yarnCorrection(rope, rope.betaSlow);
  if (rope.truncate) low = std::floor(low), high = std::ceil(high);
  const double share =
      ramp(std::max(low, 0.0), std::min(high, static_cast<double>(rope.dims - 1)), i); // 1: interpolated
  return frequency / rope.factor * share + frequency * (1 - share);
}

// partial_rotary_factor where it stands; transformers rounds the product down.
std::int64_t rotatedDims(const Json* object, const Family& family, const ModelConfig& config, ConfigReader& reader) {
  if (family.partialRotary <= 0) return config.headDim;
  double share = reader.number(family.keys.partialRotary, family.partialRotary, 0, 1);
  share = reader.number("partial_rotary_factor", share, 0, 1);
  if (object) {
    ConfigReader part(*object, reader.where());
    share = part.number("partial_rotary_factor", share, 0, 1);
    reader.adopt(part);
  }
  return static_cast<std::int64_t>(static_cast<double>(config.headDim) * share);
}

void checkDims(std::int64_t dims, ConfigReader& reader) {
  if (dims < 2 || dims % 2 != 0)
    reader.fail("head_dim", "an even number of rotated dimensions (RoPE turns pairs)", std::to_string(dims));
}

// What a scaling takes for keys that are not there. Left out on purpose: attention_factor and longrope's factor, which
// are computed from the others wherever these files come from.
void warnMissing(const ConfigReader& top, const ConfigReader& part, const KindName& row, const RopeConfig& rope,
                 std::vector<std::string>& warnings) {
  const std::pair<const char*, double> kOptional[] = {{"original_max_position_embeddings", rope.originalContext},
                                                      {"factor", rope.factor},
                                                      {"beta_fast", rope.betaFast},
                                                      {"beta_slow", rope.betaSlow}};
  std::string taken;
  for (const auto& [key, value] : kOptional) {
    const bool optional = std::ranges::find(row.keys, key) != row.keys.end() &&
                          !(row.kind == Kind::LongRope && std::string_view(key) == "factor");
    if (optional && !part.find(key) && !top.find(key))
      taken.append(taken.empty() ? "" : ", ").append(key).append(" = ").append(Json(value).dump());
  }
  if (!taken.empty())
    warnings.push_back("config.json: the RoPE scaling " + inQuotes(row.name) + " leaves out options; taken was " +
                       taken);
}

// A context that grew over the one of training, and nothing that scales RoPE for it.
void warnUnscaled(const ModelConfig& config, ConfigReader& reader, std::vector<std::string>& warnings) {
  constexpr const char* kOriginal = "original_max_position_embeddings";
  if (!reader.find(kOriginal)) return;
  const std::int64_t original = reader.size(kOriginal, config.context, std::int64_t{1} << 40);
  if (reader.ok() && original < config.context)
    warnings.push_back("config.json: the context " + std::to_string(config.context) +
                       " is longer than original_max_position_embeddings " + std::to_string(original) +
                       ", but there is no rope_scaling: positions are not scaled");
}

} // namespace

RopeConfig readRope(const Json& json, const Family& family, const ModelConfig& config, ConfigReader& reader,
                    std::vector<std::string>& warnings) {
  RopeConfig rope;
  constexpr double kMaxTheta = 1e18;
  const Json* object = reader.find("rope_scaling"); // transformers lets it win
  if (!object) object = reader.find("rope_parameters");
  if (object && !object->is_object()) reader.fail("rope_parameters", "an object", shortJson(*object));
  if (!reader.ok()) return rope;
  rope.theta = reader.number("rope_theta", family.ropeTheta, 1, kMaxTheta);
  if (!family.keys.ropeTheta.empty()) rope.theta = reader.number(family.keys.ropeTheta, rope.theta, 1, kMaxTheta);
  rope.dims = rotatedDims(object, family, config, reader);
  checkDims(rope.dims, reader);
  if (!object && reader.ok()) warnUnscaled(config, reader, warnings);
  if (!object || !reader.ok()) return rope;
  ConfigReader part(*object, reader.where());
  const KindName* row = kindOf(family, part, reader);
  if (!row) return rope;
  rope.kind = row->kind;
  if (family.longRopeOnly && rope.kind != Kind::Default && rope.kind != Kind::LongRope)
    reader.refuse("rope_type", Json(row->name));
  checkKeys(*object, family, *row, reader);
  rope.theta = part.number("rope_theta", rope.theta, 1, kMaxTheta);
  readScaling(json, part, config, rope);
  reader.adopt(part);
  if (reader.ok()) warnMissing(reader, part, *row, rope, warnings);
  return rope;
}

void writeRope(const RopeConfig& rope, Json& json) {
  json["rope_theta"] = rope.theta;
  if (rope.kind == Kind::Default) return;
  Json scaling = {{"factor", rope.factor}};
  if (rope.kind == Kind::LongRope) {
    scaling["short_factor"] = rope.shortFactor;
    scaling["long_factor"] = rope.longFactor;
    scaling["attention_factor"] = rope.attentionFactor;
  }
  for (const KindName& row : kinds())
    if (row.kind == rope.kind) scaling["rope_type"] = row.name;
  if (rope.kind == Kind::Llama3) {
    scaling["low_freq_factor"] = rope.lowFrequencyFactor;
    scaling["high_freq_factor"] = rope.highFrequencyFactor;
  }
  if (rope.kind == Kind::Yarn) {
    scaling["attention_factor"] = rope.attentionFactor;
    scaling["beta_fast"] = rope.betaFast;
    scaling["beta_slow"] = rope.betaSlow;
    scaling["truncate"] = rope.truncate;
  }
  if (rope.originalContext > 0)
    scaling["original_max_position_embeddings"] = static_cast<std::int64_t>(rope.originalContext);
  json["rope_scaling"] = scaling;
}

RopeFrequencies ropeFrequencies(const RopeConfig& rope, bool longText) {
  RopeFrequencies made;
  made.scale = rope.kind == Kind::Yarn || rope.kind == Kind::LongRope ? rope.attentionFactor : 1;
  for (std::int64_t i = 0; i < rope.dims / 2; ++i) {
    const double power = 2.0 * static_cast<double>(i) / static_cast<double>(rope.dims);
    made.frequency.push_back(scaledFrequency(rope, std::pow(rope.theta, -power), static_cast<double>(i), longText));
  }
  return made;
}

} // namespace orrery::models
