// Files of indexes from sections, with checksums that hold: what hostile samples and the fuzz target are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/checksum.hpp"
#include "format/wire.hpp"

namespace ann_file {

inline delta::Buffer with_head(const std::vector<delta::Buffer>& sections, std::uint32_t version = 1) {
  delta::Buffer body, file;
  delta::format::Writer out(body), head(file);
  for (const delta::Buffer& section : sections) {
    out.fixed(static_cast<std::uint64_t>(section.size()));
    out.fixed(delta::checksum(section));
    out.raw(section);
  }
  head.raw(delta::bytes_of("DLTANN1\n"));
  head.fixed(version);
  head.fixed(static_cast<std::uint32_t>(sections.size()));
  head.fixed(static_cast<std::uint64_t>(32 + body.size()));
  head.fixed(delta::checksum(file));
  head.raw(body);
  return file;
}

/// The members of a section, in the order of the file; a test breaks some of them.
struct Section {
  std::string name_space = "words";
  std::uint64_t dims = 1;
  std::uint8_t metric = 0;
  std::uint64_t links = 2, breadth = 4, offers = 64, queries = 200, time = 7, nodes = 2, entry = 1;
  std::vector<std::uint32_t> quality = {0x3f000000, 0x3e800000, 0x3f800000};  // 0.5, from 0.25 to 1
  std::vector<std::uint8_t> levels = {0, 1};
  std::vector<std::uint32_t> lists = {1, 1, 1, 0, 0};  // 0 -> 1, 1 -> 0; on level 1 none
  std::vector<std::string> ids = {"a", ""};
  std::vector<std::uint32_t> moved = {0x3f800000, 0}, bits = {0x3f800000, 0x40000000};
  std::vector<std::uint64_t> since = {0, 6};
  std::optional<std::uint64_t> list_numbers = {};  // that it says to have
  delta::Buffer behind = {};

  delta::Buffer bytes() const {
    delta::Buffer buffer;
    delta::format::Writer out(buffer);
    out.text(name_space);
    out.varint(dims);
    out.u8(metric);
    for (const std::uint64_t number : {links, breadth, offers, queries}) out.varint(number);
    for (const std::uint32_t number : quality) out.fixed(number);
    for (const std::uint64_t number : {time, nodes, entry}) out.varint(number);
    out.raw(levels);
    out.varint(list_numbers.value_or(lists.size()));
    for (const std::uint32_t number : lists) out.fixed(number);
    for (const std::string& id : ids) out.text(id);
    for (const std::uint32_t number : moved) out.fixed(number);
    for (const std::uint64_t number : since) out.varint(number);
    for (const std::uint32_t number : bits) out.fixed(number);
    out.raw(behind);
    return buffer;
  }
};

}  // namespace ann_file
