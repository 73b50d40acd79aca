// The program's heap, where reading one vector of a large log spent a fifth of its time on page faults.
#pragma once

namespace deltalog {

/// Lets the heap grow into huge pages, as far as the system has them. To be called once, before much is allocated.
void grow_heap_by_huge_pages();

}  // namespace deltalog
