// SPDX-License-Identifier: MIT
#include "app/window/workspace.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/base/atomic_file.h"
#include "core/session/recipe.h"

namespace orrery::app {
namespace {

constexpr const char* kFormat = "orrery-workspace";
using Ordered = nlohmann::ordered_json;

Ordered selectionJson(const views::Selection& s) {
  Ordered json = Ordered::object();
  for (const auto& [name, field] : views::kSelectionNumbers) json[name] = s.*field;
  if (!s.tensor.empty()) json["tensor"] = s.tensor;
  return json;
}

Ordered viewJson(const ViewState& view) {
  Ordered json = Ordered::object();
  if (!view.parameters.empty()) json["parameters"] = view.parameters;
  for (const auto& [panel, rect] : view.viewports) json["viewports"][panel] = {rect.x, rect.y, rect.w, rect.h};
  return json;
}

std::string text(const QByteArray& bytes) { return bytes.toBase64().toStdString(); }

// Reads the members of one object; what nobody asked for is refused by name.
class Reader {
public:
  Reader(const Json& json, std::string name, const std::string& where)
      : m_json(json), m_name(std::move(name)), m_where(where) {
    if (!json.is_object()) refuse(m_name + ": expected an object");
  }
  const std::optional<Error>& error() const { return m_error; }

  const Json* member(const char* key) {
    m_asked.insert(key);
    if (m_error) return nullptr;
    const auto found = m_json.find(key);
    return found == m_json.end() ? nullptr : &*found;
  }
  void read(const char* key, QString& out) {
    if (const Json* value = checked(key, "a text", [](const Json& v) { return v.is_string(); }))
      out = QString::fromStdString(value->get<std::string>());
  }
  void read(const char* key, bool& out) {
    if (const Json* value = checked(key, "true or false", [](const Json& v) { return v.is_boolean(); }))
      out = value->get<bool>();
  }
  void read(const char* key, double& out) {
    if (const Json* value = checked(key, "a number", [](const Json& v) { return v.is_number(); }))
      out = value->get<double>();
  }
  void read(const char* key, std::int64_t& out) {
    if (const Json* value = checked(key, "an integer", [](const Json& v) { return v.is_number_integer(); }))
      out = value->get<std::int64_t>();
  }
  void refuse(std::string what) {
    if (!m_error) m_error = badInput(std::move(what), m_where);
  }
  std::optional<Error> finish() {
    if (!m_error)
      for (const auto& [key, value] : m_json.items())
        if (!m_asked.contains(key)) refuse(m_name + ": unknown key \"" + key + "\"");
    return m_error;
  }

private:
  template <class Test> const Json* checked(const char* key, const char* wanted, Test test) {
    const Json* value = member(key);
    if (!value || test(*value)) return value;
    refuse(m_name + "." + key + ": expected " + wanted + ", found " +
           value->dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 60));
    return nullptr;
  }

  const Json& m_json;
  std::string m_name;
  const std::string& m_where;
  std::set<std::string> m_asked;
  std::optional<Error> m_error;
};

std::optional<Error> readSampler(const Json& json, session::Sampler& sampler, const std::string& where) {
  Reader reader(json, "sampler", where);
  std::int64_t topK = sampler.topK, seed = 0;
  reader.read("temperature", sampler.temperature);
  reader.read("top_k", topK);
  reader.read("top_p", sampler.topP);
  reader.read("seed", seed);
  reader.read("stop_at_end", sampler.stopAtEnd);
  if (!(sampler.temperature >= 0 && sampler.temperature <= 1000))
    reader.refuse("sampler.temperature: expected 0 or more");
  if (!(sampler.topP >= 0 && sampler.topP <= 1)) reader.refuse("sampler.top_p: expected 0 to 1");
  if (topK < 0 || topK > 1000000 || seed < 0) reader.refuse("sampler: expected top_k and seed of 0 or more");
  sampler.topK = static_cast<int>(topK);
  sampler.seed = static_cast<std::uint64_t>(seed);
  return reader.finish();
}

std::optional<Error> readSelection(const Json& json, views::Selection& s, const std::string& where) {
  Reader reader(json, "selection", where);
  for (const auto& [name, field] : views::kSelectionNumbers) reader.read(name, s.*field);
  QString tensor;
  reader.read("tensor", tensor);
  s.tensor = tensor.toStdString();
  return reader.finish();
}

std::optional<Error> readView(const Json& json, const std::string& name, ViewState& view, const std::string& where) {
  Reader reader(json, "views." + name, where);
  if (const Json* parameters = reader.member("parameters")) {
    if (!parameters->is_object())
      reader.refuse("views." + name + ".parameters: expected an object");
    else
      for (const auto& [key, value] : parameters->items()) {
        if (!value.is_string())
          reader.refuse("views." + name + ".parameters." + key + ": expected a text");
        else
          view.parameters[key] = value.get<std::string>();
      }
  }
  if (const Json* ports = reader.member("viewports")) {
    if (!ports->is_object())
      reader.refuse("views." + name + ".viewports: expected an object");
    else
      for (const auto& [panel, rect] : ports->items()) {
        const bool four = rect.is_array() && rect.size() == 4 &&
                          std::all_of(rect.begin(), rect.end(), [](const Json& v) { return v.is_number(); });
        if (!four)
          reader.refuse("views." + name + ".viewports." + panel + ": expected [x, y, w, h]");
        else
          view.viewports[panel] = {rect[0].get<double>(), rect[1].get<double>(), rect[2].get<double>(),
                                   rect[3].get<double>()};
      }
  }
  return reader.finish();
}

} // namespace

std::string toJson(const Workspace& w) {
  Ordered json = {{"format", kFormat},
                  {"version", 1},
                  {"file", w.file.toStdString()},
                  {"prompt", w.prompt.text.toStdString()},
                  {"generate", w.prompt.generate},
                  {"pace", w.prompt.pace}};
  if (!w.prompt.tokens.empty()) json["tokens"] = w.prompt.tokens;
  const session::Sampler& s = w.prompt.sampler;
  json["sampler"] = {{"temperature", s.temperature},
                     {"top_k", s.topK},
                     {"top_p", s.topP},
                     {"seed", s.seed},
                     {"stop_at_end", s.stopAtEnd}};
  if (w.processing.any()) json["processing"] = models::processingWords(w.processing);
  json["selection"] = selectionJson(w.selection);
  json["views"] = Ordered::object();
  for (const auto& [name, view] : w.views)
    if (!view.empty()) json["views"][name] = viewJson(view);
  json["mode"] = w.mode.toStdString();
  json["theme"] = w.theme.toStdString();
  json["layout"] = text(w.layout);
  json["splitters"] = text(w.splitters);
  return json.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

bool isWorkspace(const Json& json) { return json.is_object() && json.value("format", Json()) == kFormat; }

Result<Workspace> workspaceFromJson(const Json& json, const std::string& where) {
  if (!isWorkspace(json)) return badInput("expected \"format\": \"orrery-workspace\"", where);
  Workspace w;
  Reader reader(json, "workspace", where);
  std::int64_t version = 0;
  QString layout, splitters;
  reader.member("format");
  reader.read("version", version);
  if (version != 1) reader.refuse("workspace.version: expected 1, found " + std::to_string(version));
  reader.read("file", w.file);
  reader.read("prompt", w.prompt.text);
  reader.read("generate", w.prompt.generate);
  if (w.prompt.generate < 0) reader.refuse("workspace.generate: expected 0 or more");
  std::int64_t pace = 0;
  reader.read("pace", pace);
  if (pace < 0 || pace > 100) reader.refuse("workspace.pace: expected 0 to 100 tokens a second");
  w.prompt.pace = static_cast<int>(pace);
  reader.read("mode", w.mode);
  reader.read("theme", w.theme);
  reader.read("layout", layout);
  reader.read("splitters", splitters);
  w.layout = QByteArray::fromBase64(layout.toLatin1());
  w.splitters = QByteArray::fromBase64(splitters.toLatin1());
  if (const Json* tokens = reader.member("tokens")) {
    const bool ids = tokens->is_array() &&
                     std::all_of(tokens->begin(), tokens->end(), [](const Json& v) { return v.is_number_integer(); });
    if (ids)
      w.prompt.tokens = tokens->get<std::vector<std::int32_t>>();
    else
      reader.refuse("workspace.tokens: expected a list of token ids");
  }
  if (const Json* words = reader.member("processing")) {
    auto processing = session::processingOf(Json{{"processing", *words}});
    if (processing)
      w.processing = *processing;
    else
      reader.refuse("workspace.processing: " + processing.error().what);
  }
  std::optional<Error> inner;
  if (const Json* sampler = reader.member("sampler")) inner = readSampler(*sampler, w.prompt.sampler, where);
  if (const Json* selection = reader.member("selection"); selection && !inner)
    inner = readSelection(*selection, w.selection, where);
  if (const Json* all = reader.member("views"); all && !inner) {
    if (!all->is_object())
      reader.refuse("workspace.views: expected an object");
    else
      for (const auto& [name, view] : all->items())
        if (!inner) inner = readView(view, name, w.views[name], where);
  }
  if (const auto error = reader.finish()) return *error;
  if (inner) return *inner;
  return w;
}

Status writeWorkspace(const Workspace& workspace, const std::string& path) {
  auto file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status written = file->write(toJson(workspace)); !written) return written;
  return file->commit();
}

Result<Workspace> readWorkspace(const std::string& path) {
  const auto json = readJsonFile(path);
  if (!json) return json.error();
  return workspaceFromJson(*json, path);
}

} // namespace orrery::app
