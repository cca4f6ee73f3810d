// PlaceTable: what this node knows of every place, and the one rule that changes it: merge is max. PROTOCOL.md §8.
//
// Two marks a place: `seen`, the greatest valid head, which is sketched and relayed; `held`, the greatest one whose
// content is here, which is shown and served. Invariants: neither ever goes back in head order; held ≤ seen; a place
// is in the table only once admitted; `forked` stays until a higher (charter, epoch) is seen. `held` ends when the content
// leaves the disk because nobody here follows the place any more (`release`).
// Nothing here is durable: the node asks for a write first and calls `adopt` when it is done. Pure; node thread.
#pragma once

#include <memory>
#include <set>
#include <unordered_map>

#include "protocol/chain_rule.h"
#include "protocol/frame.h"

namespace maillage::protocol {

// A head that was judged greater than what is seen, with the chain it needs: what a node persists, then adopts.
struct Candidate {
  SignedHead head;
  CharterChain chain;
  std::size_t new_charters = 0;  // how many at the chain's end were not known
  PlaceId introducer = {};       // of a place that was not known: by whose word it is let in (admission.h)
};

// Two heads of one place with equal counters.
struct Fork {
  SignedHead first, second;
};

// Whether the key that this chain names signed both: what is told to others as evidence. 0.2 ms.
bool proves(const Fork& fork, const CharterChain& chain);

struct PlaceState {
  CharterChain chain;
  SignedHead seen;
  std::unique_ptr<SignedHead> held;  // null: nothing is held; kept apart from `seen` only while it differs
  bool holds_seen = false;           // held is seen itself
  bool own = false;                  // signed here
  std::unique_ptr<Fork> fork;        // evidence for the current (charter, epoch)
  PlaceId introducer = {};           // admission.h; zero: nobody, or not known
  std::unique_ptr<CharterFork> two_charters = nullptr;  // evidence beside the current chain

  const SignedHead* held_head() const { return holds_seen ? &seen : held.get(); }

  // What may be given to other daemons: nothing while `seen` is of another epoch, which may have broken the history. Of our
  // own place too: a copy restored from before an erasure must not hand out what was erased. (One that keeps history brings
  // its content in a moment.)
  const SignedHead* served_head() const {
    const SignedHead* head = held_head();
    return head != nullptr && head->head.epoch == seen.head.epoch ? head : nullptr;
  }
};

class PlaceTable {
 public:
  // What a head is, beside what we have.
  enum class Verdict { kOlder, kSame, kNewer, kConflicting };
  struct Judgement {
    Verdict verdict;
    std::optional<Candidate> candidate;  // for kNewer, and for kConflicting when it is the greater one
    std::optional<Fork> fork;            // for kConflicting
  };

  // Verifies a head and its charters and compares it with what is seen. Changes nothing. An older or equal head is
  // told from its counters before any signature is checked, so that repeats cost nothing.
  // kUnknownPlace: it needs its charters. kBadHead, kBadSignature, kBadCharter, kOtherChain.
  Result<Judgement> judge(const SignedHead& head, std::span<const SignedCharter> charters) const;

  // Whether `adopt` would move `seen` now: what was judged earlier may have been overtaken, or its charters may
  // contradict a chain that came meanwhile (the chain accepted first stays).
  bool accepts(const Candidate& candidate) const;

  // seen := max(seen, candidate). Gives whether it moved.
  bool adopt(const Candidate& candidate);

  // held := max(held, head); `head` must have been adopted before. Gives whether it moved.
  bool hold(const SignedHead& head);

  // held := nothing: its content left the disk. Never of our own.
  void release(const PlaceId& place);

  // Keeps one fork a (charter, epoch), and only one that proves something of the current one. Gives whether it is new.
  bool record_fork(const Fork& fork);

  // Keeps one pair of charters with one parent, until the chain goes on. Gives whether it is new.
  bool record_two_charters(const CharterFork& fork);

  // A place as it was kept on disk: no signature is checked again.
  void restore(PlaceState state);
  void mark_own(const PlaceId& place);
  // By whose word it is let in from now on.
  void introduce(const PlaceId& place, const PlaceId& by) { places_.at(place).introducer = by; }
  // It is not admitted any more.
  void forget(const PlaceId& place) {
    places_.erase(place);
    with_two_charters_.erase(place);
  }

  const PlaceState* find(const PlaceId& place) const;
  std::size_t size() const { return places_.size(); }
  const std::unordered_map<PlaceId, PlaceState>& all() const { return places_; }
  const std::set<PlaceId>& with_two_charters() const { return with_two_charters_; }

  static Hash element(const PlaceState& state) { return sketch_element(state.seen.head, state.fork != nullptr); }

 private:
  std::unordered_map<PlaceId, PlaceState> places_;
  std::set<PlaceId> with_two_charters_;  // those whose `two_charters` is not null: a few of many
};

}  // namespace maillage::protocol
