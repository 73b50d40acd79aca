// Reads files once and takes their XXH3-64, a megabyte at a time: what checking every byte costs at least, beside
// `cat`.
//
//   bench_xxh3_pass FILE...
#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <cstdio>
#include <vector>

int main(int count, char** arguments) {
  std::vector<unsigned char> bytes(1 << 20);
  XXH3_state_t* state = XXH3_createState();
  for (int i = 1; i < count; ++i) {
    const int fd = ::open(arguments[i], O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::perror(arguments[i]), 1;
    XXH3_64bits_reset(state);
    ssize_t n = 0;
    while ((n = ::read(fd, bytes.data(), bytes.size())) > 0) {
      XXH3_64bits_update(state, bytes.data(), static_cast<std::size_t>(n));
    }
    if (n < 0) return std::perror(arguments[i]), 1;
    ::close(fd);
    std::printf("%016llx  %s\n", static_cast<unsigned long long>(XXH3_64bits_digest(state)), arguments[i]);
  }
  XXH3_freeState(state);
  return 0;
}
