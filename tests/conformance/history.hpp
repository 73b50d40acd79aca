// The real matrix histories of testdata, as inputs of an encoder.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "delta/encode.hpp"
#include "scratch.hpp"

namespace histories {

struct Version {
  std::uint64_t rows = 0;
  std::uint32_t dims = 0;
  std::vector<std::string> ids;
  std::vector<std::uint32_t> bits;
};

inline std::vector<std::string> lines(const std::string& path) {
  std::vector<std::string> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

/// Little-endian float32 npy v1.0 in C order, which all of testdata is.
inline Version load(const std::string& path) {
  const auto bytes = scratch::read(path);
  const std::size_t start = 10 + bytes[8] + 256u * bytes[9];
  const std::string header(bytes.begin() + 10, bytes.begin() + static_cast<std::ptrdiff_t>(start));
  Version v;
  const auto shape = header.find("'shape': (") + 10;
  v.rows = std::stoull(header.substr(shape));
  v.dims = static_cast<std::uint32_t>(std::stoul(header.substr(header.find(',', shape) + 1)));
  v.bits.resize(v.rows * v.dims);
  std::memcpy(v.bits.data(), bytes.data() + start, v.bits.size() * 4);
  return v;
}

inline std::vector<Version> all(const std::string& set) {
  const std::string dir = std::string(TESTDATA) + "/" + set;
  const auto common = lines(dir + "/ids.txt");
  std::vector<Version> out;
  for (int k = 0;; ++k) {
    char name[16];
    std::snprintf(name, sizeof name, "/v%03d", k);
    if (!std::filesystem::exists(dir + name + ".npy")) return out;
    out.push_back(load(dir + name + ".npy"));
    auto& v = out.back();
    v.ids = common.empty()
                ? lines(dir + name + ".ids.txt")
                : std::vector<std::string>(common.begin(), common.begin() + static_cast<std::ptrdiff_t>(v.rows));
  }
}

inline delta::MatrixInput input(const Version& v, int number) {
  delta::MatrixInput in;
  in.name = "v" + std::to_string(number);
  in.rows = v.rows;
  in.dims = v.dims;
  in.ids = v.ids;
  in.at = delta::Micros{1'000'000} * 3600 * static_cast<unsigned>(number + 1);
  in.read = [&v](std::uint64_t first, std::span<std::uint32_t> bits) -> delta::Status {
    std::memcpy(bits.data(), v.bits.data() + first * v.dims, bits.size_bytes());
    return {};
  };
  return in;
}

inline const std::vector<std::string>& sets() {
  static const std::vector<std::string> names = {
      "tiny/linuxdoc-blocks",  "tiny/sgns",  "tiny/sgns-int8",        "tiny/sif-refresh", "small/bcd",
      "small/caniuse-regions", "small/sgns", "small/linuxdoc-blocks", "small/sgns-int8",  "small/sif-refresh"};
  return names;
}

}  // namespace histories
