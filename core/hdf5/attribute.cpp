// SPDX-License-Identifier: MIT
#include "core/hdf5/attribute.h"

#include <cstring>

namespace orrery::h5 {
namespace {

Handle textType() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

Status set(hid_t at, const char* name, hid_t type, const void* value, const std::string& file) {
  Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  Handle attribute(H5Acreate2(at, name, type, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!attribute.ok() || H5Awrite(attribute.get(), type, value) < 0)
    return failure(std::string("write attribute ") + name, file);
  return Done{};
}

struct Open {
  Handle attribute, type;
};

Result<Open> open(hid_t at, const char* name, const std::string& file) {
  if (H5Aexists(at, name) <= 0) return badInput(std::string("attribute ") + name + " is missing", file);
  Open opened{Handle(H5Aopen(at, name, H5P_DEFAULT), H5Aclose), {}};
  opened.type = Handle(H5Aget_type(opened.attribute.get()), H5Tclose);
  Handle space(H5Aget_space(opened.attribute.get()), H5Sclose);
  if (!opened.type.ok() || !space.ok()) return failure(std::string("open attribute ") + name, file);
  if (H5Sget_simple_extent_npoints(space.get()) != 1)
    return badInput(std::string("attribute ") + name + " has more than one value", file);
  return opened;
}

template <class T>
Result<T> number(hid_t at, const char* name, H5T_class_t kind, hid_t type, const char* what, const std::string& file) {
  Result<Open> opened = open(at, name, file);
  if (!opened) return opened.error();
  T value{};
  if (H5Tget_class(opened->type.get()) != kind)
    return badInput(std::string("attribute ") + name + " is not " + what, file);
  if (H5Aread(opened->attribute.get(), type, &value) < 0) return failure(std::string("read attribute ") + name, file);
  return value;
}

} // namespace

Status setAttribute(hid_t at, const char* name, const std::string& text, const std::string& file) {
  const char* bytes = text.c_str();
  const Handle type = textType();
  return set(at, name, type.get(), &bytes, file);
}
Status setAttribute(hid_t at, const char* name, std::int64_t value, const std::string& file) {
  return set(at, name, H5T_NATIVE_INT64, &value, file);
}
Status setAttribute(hid_t at, const char* name, double value, const std::string& file) {
  return set(at, name, H5T_NATIVE_DOUBLE, &value, file);
}

bool hasAttribute(hid_t at, const char* name) { return H5Aexists(at, name) > 0; }

Result<std::int64_t> integerAttribute(hid_t at, const char* name, const std::string& file) {
  return number<std::int64_t>(at, name, H5T_INTEGER, H5T_NATIVE_INT64, "an integer", file);
}
Result<double> realAttribute(hid_t at, const char* name, const std::string& file) {
  return number<double>(at, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, "a real number", file);
}

} // namespace orrery::h5
