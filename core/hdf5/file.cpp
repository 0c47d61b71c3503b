// SPDX-License-Identifier: MIT
#include "core/hdf5/file.h"

#include <fcntl.h>
#include <unistd.h>

namespace orrery::h5 {

Result<Handle> createFile(const std::string& path) {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_sec2(access.get());
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  // 1.8 files: every h5py and HDF5 of the last ten years reads them.
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  Handle file(H5Fcreate(path.c_str(), H5F_ACC_EXCL, creation.get(), access.get()), H5Fclose);
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
  const Handle plist(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  H5Pset_obj_track_times(plist.get(), false);
  Handle group(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, plist.get(), H5P_DEFAULT), H5Gclose);
  if (!group.ok()) return failure("create group " + name, file);
  return group;
}

Status flush(hid_t file, const std::string& path) {
  if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) return failure("write the file", path);
  return Done{};
}

Status close(Handle& file, const std::string& temporary, const std::string& path) {
  if (Status status = flush(file.get(), path); !status) return status;
  const int descriptor = ::open(temporary.c_str(), O_RDONLY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!flushed) return ioError("cannot flush the file", path);
  return file.close() ? Status(Done{}) : failure("close the file", path);
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

} // namespace orrery::h5
