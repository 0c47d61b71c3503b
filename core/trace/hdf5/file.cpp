// SPDX-License-Identifier: MIT
#include "core/trace/hdf5/file.h"

#include <fcntl.h>
#include <unistd.h>

namespace orrery::trace::h5 {

namespace {
constexpr hsize_t kAlignedFrom = 16384; // bytes; smaller pieces are packed
} // namespace

Result<Handle> createFile(const std::string& path) {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_sec2(access.get());
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  // 1.8 files: every h5py and HDF5 of the last ten years reads them.
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
  H5Pset_alignment(access.get(), kAlignedFrom, static_cast<hsize_t>(::sysconf(_SC_PAGESIZE))); // see mapped_rows.h
  Handle file(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, access.get()), H5Fclose);
  if (!file.ok()) return failure("create the file", path);
  return file;
}

Result<Handle> openFile(const std::string& path) {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_sec2(access.get());
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
  if (!file.ok()) return failure("open as an HDF5 file", path);
  return file;
}

Result<Handle> createGroup(hid_t parent, const std::string& name, const std::string& file) {
  Handle group(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  if (!group.ok()) return failure("create group " + name, file);
  return group;
}

bool exists(hid_t parent, const std::string& name) { return H5Lexists(parent, name.c_str(), H5P_DEFAULT) > 0; }

bool isHardLink(hid_t parent, const std::string& name) {
  H5L_info_t info;
  return exists(parent, name) && H5Lget_info(parent, name.c_str(), &info, H5P_DEFAULT) >= 0 &&
         info.type == H5L_TYPE_HARD;
}

Result<Handle> openGroup(hid_t parent, const std::string& name, const std::string& file) {
  if (!isHardLink(parent, name)) return badInput("group " + name + " is missing, or is a link elsewhere", file);
  Handle group(H5Gopen2(parent, name.c_str(), H5P_DEFAULT), H5Gclose);
  if (!group.ok()) return failure("open group " + name, file);
  return group;
}

Result<std::vector<std::string>> names(hid_t group, std::size_t most, const std::string& file) {
  H5G_info_t info;
  if (H5Gget_info(group, &info) < 0) return failure("list a group", file);
  if (info.nlinks > most)
    return tooLarge("a group of " + std::to_string(info.nlinks) + " entries, at most " + std::to_string(most) +
                        " are expected",
                    file);
  std::vector<std::string> all;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    char text[256] = {};
    const ssize_t length =
        H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, text, sizeof(text), H5P_DEFAULT);
    if (length < 0 || length >= static_cast<ssize_t>(sizeof(text))) return failure("read the name of an entry", file);
    all.emplace_back(text);
  }
  return all;
}

void discardWrites(hid_t file) {
  void* handle = nullptr;
  if (H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0 || handle == nullptr) return;
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) return;
  ::dup2(nowhere, *static_cast<int*>(handle)); // the sec2 driver's handle is its descriptor
  ::close(nowhere);
}

} // namespace orrery::trace::h5
