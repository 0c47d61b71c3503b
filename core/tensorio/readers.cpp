// SPDX-License-Identifier: MIT
// The one list of checkpoint readers. A new format is one line in kReaders.
#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "core/base/text.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::tensorio {
namespace {

namespace fs = std::filesystem;

struct Reader {
  std::string_view name; // as the sentence about an unknown file lists it
  bool (*matches)(const std::string& path);
  Result<TensorFile> (*open)(const std::string& path);
};

constexpr std::array kReaders = {
    Reader{"*.safetensors", [](const std::string& path) { return path.ends_with(".safetensors"); }, openSafetensors},
    Reader{"*.safetensors.index.json",
           [](const std::string& path) { return path.ends_with(".safetensors.index.json"); }, openSafetensorsIndex},
    Reader{"*.gguf", [](const std::string& path) { return path.ends_with(".gguf"); }, openGguf},
};

Result<TensorFile> openFile(const std::string& path) {
  for (const Reader& reader : kReaders)
    if (reader.matches(path)) return reader.open(path);
  std::string known;
  for (const Reader& reader : kReaders) known += (known.empty() ? "" : ", ") + std::string(reader.name);
  return unsupported("not a checkpoint that is read here (a folder, " + known + ")", path);
}

// The files of a folder with that extension, sorted.
Result<std::vector<std::string>> filesIn(const fs::path& folder, const char* extension) {
  std::vector<std::string> files;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == extension) files.push_back(entry->path().string());
  if (error) return ioError("cannot list the folder: " + error.message(), folder.string());
  std::sort(files.begin(), files.end());
  return files;
}

// The only GGUF file of a folder without *.safetensors.
Result<std::string> ggufIn(const fs::path& folder) {
  auto files = filesIn(folder, ".gguf");
  if (!files) return files.error();
  if (files->size() == 1) return files->front();
  if (files->empty()) return notFound("the folder has no *.safetensors and no *.gguf", folder.string());
  return badInput("the folder has " + std::to_string(files->size()) + " *.gguf: open one of them", folder.string());
}

Result<std::string> checkpointIn(const fs::path& folder) {
  std::error_code ignored;
  for (const char* name : {"model.safetensors.index.json", "model.safetensors"})
    if (fs::exists(folder / name, ignored)) return (folder / name).string();
  auto files = filesIn(folder, ".safetensors");
  if (!files) return files.error();
  if (files->size() == 1) return files->front();
  if (files->empty()) return ggufIn(folder);
  return badInput("the folder has " + std::to_string(files->size()) +
                      " *.safetensors but neither model.safetensors nor model.safetensors.index.json: open one of them",
                  folder.string());
}

} // namespace

Result<TensorFile> openTensors(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return notFound("no such file or folder", path);
  if (status.type() != fs::file_type::directory) return openFile(path);
  auto file = checkpointIn(path);
  if (!file) return file.error();
  return openFile(*file);
}

} // namespace orrery::tensorio
