// HTTP by libcurl, which costs 5 ms to load: so it is loaded when there is something to send.
#include <curl/curl.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <memory>

#include "trace/record.hpp"

namespace deltalog::trace {
namespace {

struct Curl {
  decltype(&curl_easy_init) init = nullptr;
  decltype(&curl_easy_setopt) set = nullptr;
  decltype(&curl_easy_perform) perform = nullptr;
  decltype(&curl_easy_getinfo) info = nullptr;
  decltype(&curl_easy_strerror) text = nullptr;
  decltype(&curl_easy_cleanup) cleanup = nullptr;
  decltype(&curl_slist_append) append = nullptr;
  decltype(&curl_slist_free_all) free_all = nullptr;
};

template <class Function>
bool find(void* library, const char* name, Function& to) {
  to = reinterpret_cast<Function>(::dlsym(library, name));
  return to != nullptr;
}

/// Never unloaded: the program ends soon.
bool load(Curl& curl) {
  void* library = nullptr;
  for (const char* name : {"libcurl.so.4", "libcurl-gnutls.so.4"}) {
    if (library == nullptr) library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  }
  return library != nullptr && find(library, "curl_easy_init", curl.init) &&
         find(library, "curl_easy_setopt", curl.set) && find(library, "curl_easy_perform", curl.perform) &&
         find(library, "curl_easy_getinfo", curl.info) && find(library, "curl_easy_strerror", curl.text) &&
         find(library, "curl_easy_cleanup", curl.cleanup) && find(library, "curl_slist_append", curl.append) &&
         find(library, "curl_slist_free_all", curl.free_all);
}

std::size_t pass_over(const char*, std::size_t size, std::size_t count, void*) { return size * count; }

}  // namespace

std::string post(const Collector& collector, const std::string& json) {
  Curl curl;
  if (!load(curl)) return "libcurl is not installed";
  const std::unique_ptr<CURL, decltype(curl.cleanup)> handle(curl.init(), curl.cleanup);
  if (!handle) return "libcurl does not start";
  curl_slist* headers = curl.append(nullptr, "Content-Type: application/json");
  for (const auto& [key, value] : collector.headers) headers = curl.append(headers, (key + ": " + value).c_str());
  curl.set(handle.get(), CURLOPT_URL, collector.url.c_str());
  curl.set(handle.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl.set(handle.get(), CURLOPT_HTTPHEADER, headers);
  curl.set(handle.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(json.size()));
  curl.set(handle.get(), CURLOPT_POSTFIELDS, json.c_str());
  curl.set(handle.get(), CURLOPT_TIMEOUT_MS, collector.milliseconds);
  curl.set(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl.set(handle.get(), CURLOPT_WRITEFUNCTION, &pass_over);
  const CURLcode done = curl.perform(handle.get());
  long status = 0;
  curl.info(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  curl.free_all(headers);
  if (done != CURLE_OK) return curl.text(done);
  return status >= 200 && status < 300 ? std::string() : fmt::format("the collector answers {}", status);
}

}  // namespace deltalog::trace
