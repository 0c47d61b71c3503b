// SPDX-License-Identifier: MIT
#include "core/session/reference.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>

#include "core/base/text.h"

namespace orrery::session {
namespace {

namespace fs = std::filesystem;
using hooks::HookKind;
using Kind = ReferenceField::Kind;
using tensorio::TensorInfo;

// Rounding to float32 of numbers that were computed in float64; and what a float32 run is off by.
constexpr double kRounded = 1e-6, kComputedInFloat32 = 5e-5;

constexpr std::array kTokenNames = {"tokens_short", "tokens", "input_ids", "input ids", "hook_tokens"};
constexpr std::array kFileNames = {"reference.safetensors", "tl_cache.safetensors"};

// "attn.3" -> "attn", 3. nullopt: no number at the end.
std::optional<std::pair<std::string, int>> numbered(const std::string& name) {
  const auto dot = name.rfind('.');
  if (dot == std::string::npos || dot + 1 == name.size()) return std::nullopt;
  int number = 0;
  const auto [end, error] = std::from_chars(name.data() + dot + 1, name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number < 0) return std::nullopt;
  return std::pair{name.substr(0, dot), number};
}

// Collects the texts and fields of one file.
class Opener {
public:
  Opener(Reference& reference, const models::ModelConfig& config) : m_reference(reference), m_config(config) {}

  Status open(const std::vector<std::int32_t>& given);

private:
  Status findTexts(const std::vector<std::int32_t>& given);
  Status addText(const std::string& tensor);
  ReferenceText* text(const std::string& name);
  ReferenceText* mainText();
  Status place(const TensorInfo& info);
  Status placeHook(ReferenceText& text, const TensorInfo& info, hooks::HookId hook);
  Status add(ReferenceText* text, ReferenceField field, const TensorInfo& info, const Shape& expected);
  std::optional<hooks::HookId> hookOf(const std::string& part, int layer) const;
  Status placeNumbered(const TensorInfo& info, std::string part, int number);
  double floorOf(const TensorInfo& info, bool exact) const {
    if (info.dtype == DType::F64) return 0;
    return exact ? kRounded : kComputedInFloat32;
  }
  bool isThere(const std::string& name) const { return m_reference.file.find(name) != nullptr; }
  Error wrong(const std::string& what) const { return badInput(what, m_reference.path); }

  Reference& m_reference;
  const models::ModelConfig& m_config;
};

Result<std::vector<std::int32_t>> readTokens(const tensorio::TensorFile& file, const std::string& name,
                                             const models::ModelConfig& config, const std::string& path) {
  const TensorInfo& info = *file.find(name);
  const Shape& shape = info.shape;
  const bool row = shape.size() == 1 || (shape.size() == 2 && shape[0] == 1);
  if (!row || shape.back() < 1 || shape.back() > config.context)
    return badInput(inQuotes(name) + ": expected [1, T] token ids with T from 1 to the context " +
                        std::to_string(config.context) + ", found " + shapeText(shape),
                    path);
  auto view = file.load(name);
  if (!view) return view.error();
  std::vector<std::int32_t> tokens;
  for (const double id : toDoubles(*view)) {
    if (!(id >= 0 && id < static_cast<double>(config.vocab)) || id != std::floor(id))
      return badInput(inQuotes(name) + ": expected token ids below the vocabulary " + std::to_string(config.vocab) +
                          " of this model, found " + Json(id).dump(),
                      path);
    tokens.push_back(static_cast<std::int32_t>(id));
  }
  return tokens;
}

Status Opener::addText(const std::string& tensor) {
  auto tokens = readTokens(m_reference.file, tensor, m_config, m_reference.path);
  if (!tokens) return tokens.error();
  m_reference.texts.push_back({tensor, std::move(*tokens), {}});
  return Done{};
}

// The text of names without one comes first.
Status Opener::findTexts(const std::vector<std::int32_t>& given) {
  for (const char* name : kTokenNames)
    if (m_reference.texts.empty() && isThere(name))
      if (Status added = addText(name); !added) return added;
  if (m_reference.texts.empty() && !isThere("tokens.0") && !given.empty()) m_reference.texts.push_back({"", given, {}});
  if (isThere("tokens_long"))
    if (Status added = addText("tokens_long"); !added) return added;
  for (int i = 0; isThere("tokens." + std::to_string(i)); ++i)
    if (Status added = addText("tokens." + std::to_string(i)); !added) return added;
  if (m_reference.texts.empty())
    return wrong(
        "not a reference: expected token ids under one of tokens_short, tokens, input_ids, tokens.0, found none "
        "(they can be given: --text, --tokens)");
  return Done{};
}

ReferenceText* Opener::text(const std::string& name) {
  const auto found = std::ranges::find(m_reference.texts, name, &ReferenceText::name);
  return found == m_reference.texts.end() ? nullptr : &*found;
}

ReferenceText* Opener::mainText() {
  ReferenceText& first = m_reference.texts.front();
  return first.name == "tokens_long" ? nullptr : &first;
}

Status Opener::add(ReferenceText* text, ReferenceField field, const TensorInfo& info, const Shape& expected) {
  if (!text) {
    m_reference.unused.push_back(info.name);
    return Done{};
  }
  const bool ids = field.kind == Kind::Greedy || (field.kind == Kind::Hook && hooks::hookSpec(field.hook).unit == "id");
  if (info.shape != expected || isFloating(info.dtype) == ids)
    return wrong(inQuotes(info.name) + ": expected " + shapeText(expected) +
                 (ids ? " integers" : " floating-point numbers") + " for this model, found " + shapeText(info.shape) +
                 " " + std::string(name(info.dtype)));
  field.field = info.name;
  text->fields.push_back(std::move(field));
  return Done{};
}

Status Opener::placeHook(ReferenceText& text, const TensorInfo& info, hooks::HookId hook) {
  const auto time = static_cast<std::int64_t>(text.tokens.size());
  const std::vector<hooks::HookSpec> all = m_config.hooks();
  if (std::ranges::find(all, hook, &hooks::HookSpec::id) == all.end())
    return wrong(inQuotes(info.name) + ": a " + m_config.architecture + " has no such hook point");
  Shape shape = hooks::hookShape(hook, m_config.dims(), time);
  ReferenceField field{.kind = Kind::Hook, .hook = hook, .floor = floorOf(info, false)};
  // TransformerLens keeps the norms of queries and keys as [B, H, T, ..].
  const bool normed = hook.kind >= HookKind::QNormScale && hook.kind <= HookKind::KNormed;
  if (normed && info.shape.size() == 4) {
    const Shape turned = {1, shape[2], shape[1], shape[3]};
    const Json& metadata = m_reference.file.description();
    field.headsBefore = info.shape == turned && (turned != shape || metadata.contains("transformer_lens"));
    if (field.headsBefore) shape = turned;
  }
  return add(&text, std::move(field), info, shape);
}

// The hook point that a short field name means; nullopt: none.
std::optional<hooks::HookId> Opener::hookOf(const std::string& part, int layer) const {
  const bool last = layer == static_cast<int>(m_config.layers);
  if (part == "hidden" && last) return hooks::HookId{HookKind::UnembedIn, -1};
  if (layer >= static_cast<int>(m_config.layers)) return std::nullopt;
  const bool posts = m_config.postNorms;
  const std::pair<const char*, HookKind> kNames[] = {{"hidden", HookKind::ResidPre},
                                                     {"resid_pre", HookKind::ResidPre},
                                                     {"resid_post", HookKind::ResidPost},
                                                     {"attn", HookKind::Pattern},
                                                     {"q", HookKind::Q},
                                                     {"k", HookKind::K},
                                                     {"v", HookKind::V},
                                                     {posts ? "attn_out_normed" : "attn_out", HookKind::AttnOut},
                                                     {posts ? "mlp_out_normed" : "mlp_out", HookKind::MlpOut}};
  for (const auto& [name, kind] : kNames)
    if (part == name) return hooks::HookId{kind, layer};
  return std::nullopt;
}

// "attn.3", "attn_long.3", "logits_last.1"
Status Opener::placeNumbered(const TensorInfo& info, std::string part, int number) {
  const auto vocab = m_config.vocab;
  ReferenceText* named = text("tokens." + std::to_string(number));
  if (named && part == "logits_last")
    return add(named, {.kind = Kind::LastLogits, .floor = floorOf(info, false)}, info, {vocab});
  if (named && part == "greedy")
    return add(named, {.kind = Kind::Greedy}, info, {info.shape.empty() ? 0 : info.shape[0]});
  if (named && part == "top20_logits")
    return add(named,
               {.kind = Kind::TopLogits, .ids = "top20_ids." + std::to_string(number), .floor = floorOf(info, false)},
               info, {static_cast<std::int64_t>(named->tokens.size()), 20});
  constexpr std::string_view kLong = "_long";
  const bool isLong = part.ends_with(kLong);
  if (isLong) part.resize(part.size() - kLong.size());
  const auto hook = hookOf(part, number);
  ReferenceText* owner = isLong ? text("tokens_long") : mainText();
  if (!hook || !owner) {
    m_reference.unused.push_back(info.name);
    return Done{};
  }
  ReferenceField field{.kind = Kind::Hook, .hook = *hook, .floor = floorOf(info, isLong)};
  return add(owner, std::move(field), info,
             hooks::hookShape(*hook, m_config.dims(), static_cast<std::int64_t>(owner->tokens.size())));
}

Status Opener::place(const TensorInfo& info) {
  const std::string& name = info.name;
  const auto logits = [&](ReferenceText* owner, bool exact) {
    const Shape shape = {1, owner ? static_cast<std::int64_t>(owner->tokens.size()) : 0, m_config.vocab};
    return add(owner, {.kind = Kind::Logits, .floor = floorOf(info, exact)}, info, shape);
  };
  if (text(name) || name.starts_with("top20_ids.")) return Done{};
  if (name == "logits_f64" || name == "logits") return logits(mainText(), name == "logits_f64");
  if (name == "logits_f32" && !isThere("logits_f64")) return logits(mainText(), false);
  if (name == "logits_long_f64" || name == "logits_long") return logits(text("tokens_long"), name == "logits_long_f64");
  if (name == "greedy") return add(mainText(), {.kind = Kind::Greedy}, info, {info.shape.empty() ? 0 : info.shape[0]});
  if (const auto hook = hooks::hookFromName(name); hook && mainText()) return placeHook(*mainText(), info, *hook);
  if (const auto part = numbered(name)) return placeNumbered(info, part->first, part->second);
  m_reference.unused.push_back(name);
  return Done{};
}

Status Opener::open(const std::vector<std::int32_t>& given) {
  if (Status found = findTexts(given); !found) return found;
  for (const TensorInfo& info : m_reference.file.tensors())
    if (Status placed = place(info); !placed) return placed;
  for (const ReferenceText& text : m_reference.texts) {
    for (const ReferenceField& field : text.fields)
      if (!field.ids.empty() && !isThere(field.ids))
        return wrong(inQuotes(field.field) + ": expected " + inQuotes(field.ids) + " beside it, found no such tensor");
    if (!text.fields.empty()) return Done{};
  }
  return wrong("not a reference: expected logits_f64, hidden.i, attn.i, greedy or names of hook points, found none");
}

// The tokens of reference.safetensors in the same folder, if there is one that holds some.
Result<std::vector<std::int32_t>> tokensBeside(const std::string& path, const models::ModelConfig& config) {
  const fs::path other = fs::path(path).parent_path() / kFileNames[0];
  std::error_code ignored;
  if (!fs::exists(other, ignored) || fs::equivalent(other, path, ignored)) return std::vector<std::int32_t>{};
  auto file = tensorio::openSafetensors(other.string());
  if (!file) return file.error();
  for (const char* name : kTokenNames)
    if (file->find(name)) return readTokens(*file, name, config, other.string());
  return std::vector<std::int32_t>{};
}

} // namespace

Result<Reference> openReference(const std::string& path, const models::ModelConfig& config,
                                const std::vector<std::int32_t>& tokens) {
  auto file = tensorio::openSafetensors(path);
  if (!file) return file.error();
  std::vector<std::int32_t> given = tokens;
  if (given.empty()) {
    auto beside = tokensBeside(path, config);
    if (!beside) return beside.error();
    given = std::move(*beside);
  }
  Reference reference{path, std::move(*file), {}, {}};
  if (Status opened = Opener(reference, config).open(given); !opened) return opened.error();
  return reference;
}

std::vector<std::string> referencesBeside(const std::string& checkpoint) {
  std::error_code ignored;
  const fs::path folder =
      fs::is_directory(checkpoint, ignored) ? fs::path(checkpoint) : fs::path(checkpoint).parent_path();
  std::vector<std::string> found;
  for (const char* name : kFileNames)
    if (fs::exists(folder / name, ignored) && !fs::equivalent(folder / name, checkpoint, ignored))
      found.push_back((folder / name).string());
  return found;
}

} // namespace orrery::session
