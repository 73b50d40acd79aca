// A lane is two characters wide: itself at an even column, what joins it to its neighbour at the odd one behind. Lanes
// beyond those drawn are only counted, so that a row costs its parents and the lanes drawn, however many there are.
#include "ui/graph.hpp"

#include <algorithm>
#include <tuple>

#include "delta/error.hpp"

namespace deltalog {

std::uint32_t Graph::free_lane() {
  if (free_.empty()) {
    free_.insert(static_cast<std::uint32_t>(used_.size()));
    used_.push_back(false);
  }
  const std::uint32_t lane = *free_.begin();
  free_.erase(free_.begin());
  used_[lane] = true;
  hidden_ += lane >= most_;
  return lane;
}

void Graph::release(std::uint32_t lane) {
  used_[lane] = false;
  free_.insert(lane);
  hidden_ -= lane >= most_;
}

std::string Graph::lines_down() const {
  const std::size_t drawn = std::min(used_.size(), most_);
  std::string line(drawn * 2, ' ');
  for (std::size_t lane = 0; lane < drawn; ++lane) {
    if (used_[lane]) line[2 * lane] = '|';
  }
  return line;
}

std::string Graph::node_line(std::uint32_t lane) const {
  std::string line = lines_down();
  const bool hidden = lane >= most_;
  if (!hidden) line[2 * lane] = '*';
  if (hidden_ > 0) return line + (hidden ? "*+" : "+") + std::to_string(hidden_);
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

// From a lane to others, one a line: the stroke leaves its lane and runs along the bottom under what is between,
// "|\|_|" to the right and "|_|/" to the left. Lanes that begin side by side just right of it share a line, "|\ \". A
// lane that begins here shows below its own line. One that moves comes first, while all others are as they were.
void Graph::draw(std::uint32_t from, std::vector<Link> links, Row& row) const {
  std::ranges::sort(
      links, {}, [&](const Link& link) { return std::tuple(link.kind != Link::moved, link.lane < from, link.lane); });
  std::size_t beside = 0;
  while (beside < links.size() && links[beside].kind == Link::fresh && links[beside].lane == from + 1 + beside) {
    ++beside;
  }
  for (std::size_t begin = 0; begin < links.size();) {
    const std::size_t end = begin < beside ? beside : begin + 1;
    std::string line = lines_down();
    const auto put = [&](std::size_t column, char c) {
      if (column < line.size() && line[column] == ' ') line[column] = c;
    };
    if (end < links.size()) put(2 * std::size_t{from}, '|');
    for (std::size_t i = begin; i < links.size(); ++i) {
      if (links[i].kind == Link::fresh && 2 * std::size_t{links[i].lane} < line.size()) {
        line[2 * std::size_t{links[i].lane}] = ' ';
      }
    }
    std::size_t to = 2 * std::size_t{links[begin].lane}, here = 2 * std::size_t{from};
    if (links[begin].kind == Link::moved) std::swap(to, here);
    if (begin < beside) {
      for (std::size_t i = 0; i < beside; ++i) put(here + 2 * i + 1, '\\');
    } else if (to > here) {
      put(here + 1, '\\');
      for (std::size_t c = here + 2; c < std::min(to, line.size()); ++c) put(c, '_');
    } else {
      put(here - 1, '/');
      for (std::size_t c = to + 1; c < std::min(here - 1, line.size()); ++c) put(c, '_');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    if (line.find_first_not_of("| ") != line.npos) row.links.push_back(std::move(line));
    begin = end;
  }
}

Graph::Row Graph::next(std::span<const std::uint32_t> parents) {
  DELTA_CHECK(drawn_ < lane_of_.size());
  const std::uint32_t lane = lane_of_[drawn_] == kNone ? free_lane() : lane_of_[drawn_];
  Row row{node_line(lane), {}};
  bool straight = false;  // the lane goes on to a parent that had none
  std::vector<Link> links;
  for (const std::uint32_t parent : parents) {
    DELTA_CHECK(parent > drawn_ && parent < lane_of_.size());
    std::uint32_t& leads = lane_of_[parent];
    if (leads != kNone) {
      links.push_back({leads, Link::old});
    } else if (!straight) {
      leads = lane;
      straight = true;
    } else {
      leads = free_lane();
      links.push_back({leads, Link::fresh});
    }
  }
  // A lane that would end to join one on its right stays, and that one comes over: graphs lean to the left.
  const auto right = std::ranges::find_if(parents, [&](std::uint32_t parent) { return lane_of_[parent] > lane; });
  if (!straight && right != parents.end()) {
    std::ranges::find(links, lane_of_[*right], &Link::lane)->kind = Link::moved;
    release(lane_of_[*right]);
    lane_of_[*right] = lane;
  } else if (!straight) {
    release(lane);
  }
  if (!links.empty()) draw(lane, std::move(links), row);
  ++drawn_;
  return row;
}

}  // namespace deltalog
