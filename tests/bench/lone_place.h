// A place with its first commit, head and pack, made without a daemon: what benchmarks feed to ingest and to peers.
#pragma once

#include "protocol/place_table.h"
#include "registry/draft.h"
#include "tests/twins/memory_content_store.h"

namespace maillage::bench {

struct LonePlace {
  protocol::CharterChain chain;
  protocol::SignedHead head;
  protocol::Bytes pack;  // whole objects
};

// Another `time`, another place. Aborts when something is refused.
inline LonePlace make_lone_place(const std::string& profile, const protocol::KeyPair& key, protocol::UnixTime time) {
  protocol::Charter genesis;
  genesis.roots = {key.public_key()};
  genesis.daemon_key = key.public_key();
  genesis.time = time;
  auto chain = protocol::CharterChain::start({genesis, {}});
  protocol::check(chain.has_value(), "the genesis of a benchmark is valid");
  std::string signers = registry::identity_allowed_signers(*chain);
  registry::Draft draft;
  draft.author = draft.committer = {"Bench", registry::place_email(chain->place()), time.ms / 1000, 0};
  draft.message = "publish profile.json\n";
  draft.files = {{"profile.json", protocol::Bytes(profile.begin(), profile.end())},
                 {"identity/charters", registry::identity_charters(*chain)},
                 {"identity/allowed_signers", protocol::Bytes(signers.begin(), signers.end())}};
  tests::MemoryContentStore nothing;
  registry::TreeCache cache;
  auto staged = registry::stage_commit(nothing, draft, key, cache);
  protocol::check(staged.has_value(), "the commit of a benchmark is staged");
  auto pack = staged->pack->bytes();
  protocol::Head head;
  head.place = chain->place();
  head.time = time;
  head.commit = staged->commit;
  head.state = staged->state;
  // As SyntheticPlaces writes it.
  constexpr std::string_view kInsee = "\"insee\": \"";
  if (auto insee = profile.find(kInsee); insee != std::string::npos)
    head.cell = protocol::TerritoryCell::of("FR", std::string_view(profile).substr(insee + kInsee.size(), 5));
  return {*chain, protocol::sign(head, key), protocol::Bytes(pack->begin(), pack->end())};
}

}  // namespace maillage::bench
