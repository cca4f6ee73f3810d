#include "protocol/invitation.h"

#include <catch2/catch.hpp>

#include "tests/protocol/author.h"

using namespace maillage::tests;

namespace {

const InvitationSecret kSecret = InvitationSecret::parse("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf").value();

}  // namespace

TEST_CASE("the text of an invitation reads back as who invites and the secret") {
  for (std::uint64_t number = 1; number < 50; ++number) {
    InvitationText invitation{Author(number).place(), SeededRandom(number).fixed<InvitationSecret>()};
    std::string text = invitation.text();
    CHECK(text.size() == 64);
    CHECK(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos);
    REQUIRE(InvitationText::parse(text));
    CHECK(*InvitationText::parse(text) == invitation);
  }
}

TEST_CASE("an invitation that was cut, lengthened or holds a letter that is none of its alphabet is refused") {
  std::string text = InvitationText{Author(1).place(), kSecret}.text();
  auto refusal = [](const std::string& wrong) {
    auto parsed = InvitationText::parse(wrong);
    return parsed ? ErrorCode::kTimeout : parsed.error().code;
  };
  for (std::size_t size = 0; size < text.size(); ++size) CHECK(refusal(text.substr(0, size)) == ErrorCode::kBadInvitation);
  CHECK(refusal(text + "A") == ErrorCode::kBadInvitation);
  for (std::size_t at = 0; at < text.size(); ++at)
    for (char letter : {'\0', ' ', '+', '/', '=', '\n', '\x80', '\xff'}) {
      std::string wrong = text;
      wrong[at] = letter;
      CHECK(refusal(wrong) == ErrorCode::kBadInvitation);
    }
}

TEST_CASE("any letter changed for another is another invitation") {
  InvitationText invitation{Author(1).place(), kSecret};
  std::string text = invitation.text();
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string other = text;
    other[at] = text[at] == 'A' ? 'B' : 'A';
    auto parsed = InvitationText::parse(other);
    REQUIRE(parsed);
    CHECK_FALSE(*parsed == invitation);
    CHECK(parsed->text() == other);
  }
}

TEST_CASE("what names an invitation tells nothing of it, and a proof is good for its two HELLOs in their order") {
  Hash one = sha256(as_bytes("one")), other = sha256(as_bytes("other"));
  CHECK(id_of(kSecret).hex() == "2736c5cb18850eb8127a2b5c55fc677f");
  CHECK(invitation_proof(kSecret, one, other) != invitation_proof(kSecret, other, one));
  CHECK(invitation_proof(kSecret, one, other) != invitation_proof(kSecret, one, one));
  CHECK(invitation_proof(kSecret, one, other) != invitation_proof(InvitationSecret{}, one, other));
}
