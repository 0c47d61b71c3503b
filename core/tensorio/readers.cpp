// SPDX-License-Identifier: MIT
// The one list of checkpoint readers. A new format is one line in kReaders.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
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

// The first bytes; fewer where the file is short, none where it cannot be read (opening it then says why).
std::string firstBytes(const std::string& path, std::size_t count) {
  std::string bytes(count, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return bytes;
}

// A ".bin" may be anything: torch.save writes a zip archive (before 1.6 a pickle).
bool isTorch(const std::string& path) {
  if (path.ends_with(".pt") || path.ends_with(".pth")) return true;
  if (!path.ends_with(".bin")) return false;
  const std::string first = firstBytes(path, 2);
  return first == "PK" || first == "\x80\x02";
}

constexpr std::array kReaders = {
    Reader{"*.safetensors", [](const std::string& path) { return path.ends_with(".safetensors"); }, openSafetensors},
    Reader{"*.safetensors.index.json",
           [](const std::string& path) { return path.ends_with(".safetensors.index.json"); }, openSafetensorsIndex},
    Reader{"*.pt, *.pth, pytorch_model.bin by torch.save", isTorch, openTorch},
    Reader{"*.bin of llama2.c", [](const std::string& path) { return path.ends_with(".bin"); }, openLlama2c},
    Reader{"*.gguf", [](const std::string& path) { return path.ends_with(".gguf"); }, openGguf},
};

Result<TensorFile> openFile(const std::string& path) {
  for (const Reader& reader : kReaders)
    if (reader.matches(path)) return reader.open(path);
  std::string known;
  for (const Reader& reader : kReaders) known += (known.empty() ? "" : ", ") + std::string(reader.name);
  return unsupported("not a checkpoint that is read here (a folder, " + known + ")", path);
}

// Numbers of another program that lie beside a checkpoint, see core/session/reference.h.
bool isReference(std::string_view name) { return name == "reference.safetensors" || name == "tl_cache.safetensors"; }

// The checkpoints of a folder with that extension, sorted.
Result<std::vector<std::string>> filesIn(const fs::path& folder, const char* extension) {
  std::vector<std::string> files;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == extension && !isReference(entry->path().filename().string()))
      files.push_back(entry->path().string());
  if (error) return ioError("cannot list the folder: " + error.message(), folder.string());
  std::sort(files.begin(), files.end());
  return files;
}

// Names that programs give to a checkpoint, the safest format first (transformers; nanoGPT; llama2.c; transformers
// before safetensors).
constexpr std::array kUsualNames = {"model.safetensors.index.json", "model.safetensors", "ckpt.pt", "model.bin",
                                    "pytorch_model.bin"};

std::string usualNames() {
  std::string all;
  for (const char* name : kUsualNames) all += (all.empty() ? "" : ", ") + std::string(name);
  return all;
}

// The only GGUF file of a folder without *.safetensors.
Result<std::string> ggufIn(const fs::path& folder) {
  auto files = filesIn(folder, ".gguf");
  if (!files) return files.error();
  if (files->size() == 1) return files->front();
  if (files->empty())
    return notFound("the folder has no *.safetensors, no *.gguf and none of " + usualNames(), folder.string());
  return badInput("the folder has " + std::to_string(files->size()) + " *.gguf: open one of them", folder.string());
}

Result<std::string> checkpointIn(const fs::path& folder) {
  std::error_code ignored;
  for (const char* name : kUsualNames)
    if (fs::exists(folder / name, ignored)) return (folder / name).string();
  auto files = filesIn(folder, ".safetensors");
  if (!files) return files.error();
  if (files->size() == 1) return files->front();
  if (files->empty()) return ggufIn(folder);
  return badInput("the folder has " + std::to_string(files->size()) + " *.safetensors but none of " + usualNames() +
                      ": open one of them",
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
