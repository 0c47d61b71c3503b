// SPDX-License-Identifier: MIT
// Reads every #include and every orrery_module()/orrery_app LINKS list of the tree and holds them against layers.txt.
// A wrong include compiles on Debian, since all headers sit in /usr/include; this is what notices.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <tuple>

namespace fs = std::filesystem;

namespace {

const fs::path kRoot = ORRERY_SOURCE_DIR;

struct Allowed {
  std::set<std::string> modules, externals;
};

std::string readAll(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, Allowed> readTable() {
  std::map<std::string, Allowed> table;
  std::istringstream in(readAll(kRoot / "tests/layers/layers.txt"));
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const auto colon = line.find(':'), bar = line.find('|');
    Allowed& row = table[line.substr(0, colon)];
    std::istringstream modules(line.substr(colon + 1, bar - colon - 1)), externals(line.substr(bar + 1));
    for (std::string word; modules >> word;) row.modules.insert(word);
    for (std::string word; externals >> word;) row.externals.insert(word);
  }
  return table;
}

// The longest module name that is a folder prefix of `file` ("core/store/x.h" -> "core/store"); "" if none.
std::string moduleOf(const std::string& file, const std::map<std::string, Allowed>& table) {
  for (fs::path folder = fs::path(file).parent_path(); !folder.empty(); folder = folder.parent_path())
    if (table.contains(folder.string())) return folder.string();
  return "";
}

// Which guarded library a <...> include belongs to; "" for the rest (the standard library and the system).
std::string externalOf(const std::string& header) {
  static const std::vector<std::pair<std::regex, std::string>> kRules = {
      {std::regex("(torch|ATen|c10|caffe2)/.*"), "torch"},
      {std::regex("Q[A-Za-z]*(/.*)?"), "qt"},
      {std::regex("q[a-z]+\\.h"), "qt"},
      {std::regex("imgui.*|backends/imgui.*"), "imgui"},
      {std::regex("vulkan/.*"), "vulkan"},
      {std::regex("hdf5.*|H5.*"), "hdf5"},
      {std::regex("hwy/.*"), "hwy"},
      {std::regex("pcre2.*"), "pcre2"},
      {std::regex("openssl/.*"), "openssl"},
      {std::regex("CLI/.*"), "cli11"},
      {std::regex("mpi\\.h"), "mpi"},
  };
  for (const auto& [pattern, name] : kRules)
    if (std::regex_match(header, pattern)) return name;
  return "";
}

std::vector<fs::path> sources() {
  std::vector<fs::path> files;
  for (const char* top : {"core", "views", "plugins", "app"})
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top))
      if (entry.path().extension() == ".h" || entry.path().extension() == ".cpp") files.push_back(entry.path());
  return files;
}

// What one file includes against the rules; returns the violations.
std::vector<std::string> violations(const std::string& file, const std::string& text,
                                    const std::map<std::string, Allowed>& table) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*(["<])([^">]+)[">])", std::regex::multiline);
  std::vector<std::string> found;
  const std::string module = moduleOf(file, table);
  if (module.empty()) return {file + " belongs to no module of layers.txt"};
  const Allowed& allowed = table.at(module);
  for (std::sregex_iterator it(text.begin(), text.end(), kInclude), end; it != end; ++it) {
    const std::string header = (*it)[2];
    if ((*it)[1] == "\"") {
      const std::string target = moduleOf(header, table);
      if (!target.empty() && target != module && !allowed.modules.contains(target))
        found.push_back(file + " includes " + header + ": " + module + " may not use " + target);
    } else if (const std::string library = externalOf(header);
               !library.empty() && !allowed.externals.contains(library)) {
      found.push_back(file + " includes <" + header + ">: " + module + " may not see " + library);
    }
  }
  return found;
}

TEST(Layers, EveryIncludeIsAllowed) {
  const auto table = readTable();
  const auto files = sources();
  ASSERT_GT(files.size(), 20u);
  for (const fs::path& path : files)
    for (const std::string& problem : violations(fs::relative(path, kRoot).string(), readAll(path), table))
      ADD_FAILURE() << problem;
}

TEST(Layers, TheTestNoticesAWrongInclude) {
  const auto table = readTable();
  EXPECT_EQ(violations("core/base/x.h", "#include \"core/session/session.h\"\n", table).size(), 1u);
  EXPECT_EQ(violations("core/store/x.h", "#include <QWidget>\n#include <vector>\n", table).size(), 1u);
  EXPECT_EQ(violations("views/a_view.cpp", "#include <torch/torch.h>\n", table).size(), 1u);
  EXPECT_EQ(violations("views/gpu/a.cpp", "#include <QWidget>\n#include <imgui.h>\n", table).size(), 0u);
}

TEST(Layers, TheTableHasNoCycle) {
  const auto table = readTable();
  std::map<std::string, int> state; // 1 on the path, 2 done
  std::function<void(const std::string&)> visit = [&](const std::string& module) {
    ASSERT_TRUE(table.contains(module)) << "layers.txt names unknown module " << module;
    ASSERT_NE(state[module], 1) << "cycle through " << module;
    if (state[module] == 2) return;
    state[module] = 1;
    for (const std::string& next : table.at(module).modules) visit(next);
    state[module] = 2;
  };
  for (const auto& row : table) visit(row.first);
}

// orrery_module(views_x ... LINKS orrery_scene ...): target names are the folder's last part; "views" is orrery_views.
TEST(Layers, EveryCMakeLinkIsAllowed) {
  const auto table = readTable();
  std::map<std::string, std::string> moduleByTarget;
  std::vector<std::tuple<std::string, std::string, std::string>> links; // file, module, target
  static const std::regex kCall(R"(orrery_module\(\s*(\w+)([^)]*)\))");
  for (const char* top : {"core", "views", "plugins", "app"})
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      if (entry.path().filename() != "CMakeLists.txt") continue;
      const std::string text = readAll(entry.path()), file = fs::relative(entry.path(), kRoot).string();
      const std::string module = moduleOf(file, table);
      for (std::sregex_iterator it(text.begin(), text.end(), kCall), end; it != end; ++it) {
        ASSERT_FALSE(module.empty()) << file;
        moduleByTarget["orrery_" + (*it)[1].str()] = module;
        const std::string arguments = (*it)[2];
        const auto at = arguments.find("LINKS");
        if (at == std::string::npos) continue;
        std::istringstream words(arguments.substr(at + 5));
        for (std::string word; words >> word;) links.emplace_back(file, module, word);
      }
    }
  EXPECT_GT(moduleByTarget.size(), 10u);
  for (const auto& [file, module, target] : links) {
    if (!target.starts_with("orrery_")) continue;
    ASSERT_TRUE(moduleByTarget.contains(target)) << file << " links unknown " << target;
    const std::string& other = moduleByTarget[target];
    EXPECT_TRUE(other == module || table.at(module).modules.contains(other))
        << file << ": " << module << " may not link " << other;
  }
}

} // namespace
