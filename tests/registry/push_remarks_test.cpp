// What a push is told of that may be published, and was probably meant otherwise.
#include "registry/push_remarks.h"

#include "registry/time_zone.h"
#include "tests/registry/push_fixture.h"

using namespace maillage::tests;
using maillage::protocol::ErrorCode;
using maillage::protocol::Language;
namespace protocol = maillage::protocol;

namespace {

std::vector<std::string> remarks(const PushFixture::Outcome& outcome) {
  std::vector<std::string> said;
  for (const auto& each : outcome->remarks) said.push_back(sentence(each, Language::kEnglish));
  return said;
}

}  // namespace

TEST_CASE("a field that no kind of record has is taken, said with the one that was meant, and marked where it is shown") {
  PushFixture it;
  it.clone();
  it.write("resources/saw.json", it.record("Scie", R"(, "descriptoin": "Sharp", "xyzzy": {"email": "a@b.example"})"));
  auto outcome = it.contribute();
  CHECK(remarks(outcome) == std::vector<std::string>{
    "resources/saw.json: unknown field, kept as it is but shown nowhere: /descriptoin → /description ?",
    "resources/saw.json: unknown field, kept as it is but shown nowhere: /xyzzy"});
  auto fields = it.show(outcome).at("files").as_array()[0].at("fields").as_array();
  REQUIRE(fields.size() == 2);
  for (const auto& field : fields) CHECK(field.at("unknown") == true);
  REQUIRE(it.registry->approve(outcome->contribution.id, kPushNow));
  it.fetch();
  it.git("reset -q --hard origin/main");
  it.write("resources/saw.json", it.record("Scie à ruban", R"(, "descriptoin": "Sharp", "xyzzy": {"email": "a@b.example"})"));
  auto again = it.contribute();
  CHECK(again->remarks.empty());  // said already
  CHECK_FALSE(it.show(again).at("files").as_array()[0].at("fields").as_array()[0].as_object().contains("unknown"));
}

TEST_CASE("files in a resource's folder without its record are said once, with the record that is missing") {
  PushFixture it;
  it.clone();
  it.write("resources/laser/readme.md", "x\n");
  it.write("resources/laser/photo.md", "x\n");
  it.write("resources/saw/readme.md", "its record is resources/saw.json\n");
  it.write("resources/notes.md", "in no folder of a resource\n");
  it.write("resources/plane/record.json", it.record("Rabot"));
  it.write("resources/plane/readme.md", "x\n");
  auto outcome = it.contribute();
  REQUIRE(outcome->remarks.size() == 1);
  CHECK(outcome->remarks[0].code == ErrorCode::kPushNoRecord);
  CHECK(outcome->remarks[0].context == "resources/laser/record.json");
}

TEST_CASE("a time zone that there is not is said with the one that was meant") {
  CHECK(is_time_zone("Europe/Paris"));
  CHECK(is_time_zone("America/Guadeloupe"));
  CHECK_FALSE(is_time_zone("Europe/Pari"));
  CHECK_FALSE(is_time_zone(""));
  CHECK(nearest_time_zone("Europe/Pari") == "Europe/Paris");
  CHECK(nearest_time_zone("zzzzzzzzzzzzzzzz").empty());
  PushFixture it;
  it.clone();
  auto event = [](const std::string& zone) {
    return R"({"kind": "event", "name": "Repair café", "licence": "CC-BY-SA-4.0", "start": "2027-02-05T14:00:00", "timeZone": ")" + zone + "\"}\n";
  };
  it.write("events/2027-02/repair.json", event("Europe/Pari"));
  it.write("events/2027-02/paris.json", event("Europe/Paris"));
  auto outcome = it.contribute();
  REQUIRE(outcome->remarks.size() == 1);
  CHECK(outcome->remarks[0].path == "events/2027-02/repair.json");
  CHECK(outcome->remarks[0].context == "Europe/Pari → Europe/Paris ?");
}

TEST_CASE("remarks are few, and the last one says that there were more") {
  PushFixture it;
  it.clone();
  for (int i = 0; i < 12; ++i) it.write("resources/thing-" + std::to_string(i) + "/readme.md", "x\n");
  auto outcome = it.contribute();
  REQUIRE(outcome->remarks.size() == kRemarksMax);
  CHECK(outcome->remarks.back().code == ErrorCode::kTooMany);
}
