#include "format/attestation.hpp"

#include <algorithm>

#include "delta/limits.hpp"
#include "delta/text.hpp"
#include "format/wire.hpp"

namespace delta::format {
namespace {

constexpr std::size_t kMaxAlgorithmBytes = 64;

bool plain(char c) { return c > ' ' && c <= '~'; }

}  // namespace

void write_attestation(const Attestation& attestation, Buffer& buffer) {
  Writer out(buffer);
  out.text(attestation.origin);
  out.varint(attestation.seq);
  out.raw(attestation.commit);
  out.text(attestation.algorithm);
  out.text(attestation.key);
  out.raw(attestation.bytes);
}

Result<Attestation> read_attestation(ByteView payload) {
  const auto bad = [](const char* what) { return error(ErrorCode::corrupt, std::string("ATTESTATION: ") + what); };
  Reader in(payload);
  Attestation out;
  out.origin = in.text(kMaxNameBytes);
  out.seq = in.varint();
  const ByteView hash = in.raw(out.commit.size());
  out.algorithm = in.text(kMaxAlgorithmBytes);
  out.key = in.text(kMaxNameBytes);
  if (!in.ok()) return bad("malformed");
  std::ranges::copy(hash, out.commit.begin());
  out.bytes = in.raw(in.left());
  if (out.origin.empty() || !valid_utf8(out.origin) || has_control(out.origin)) return bad("no name of an origin");
  if (out.seq == 0) return bad("seqs count from 1");
  if (out.algorithm.empty() || !std::ranges::all_of(out.algorithm, plain)) return bad("no name of an algorithm");
  if (!valid_utf8(out.key) || has_control(out.key)) return bad("no name of a key");
  if (out.bytes.empty() || out.bytes.size() > kMaxAttestationBytes) return bad("no bytes, or too many");
  return out;
}

}  // namespace delta::format
