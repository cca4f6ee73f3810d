# Copies DIR/schemas and DIR/vocabulary to OUT and adds the word "drone" to the types of resources:
#   cmake -DDIR=protocol -DOUT=newer -P newer_vocabulary.cmake
file(COPY ${DIR}/schemas ${DIR}/vocabulary DESTINATION ${OUT})
file(READ ${OUT}/vocabulary/resource-types.json vocabulary)
string(JSON vocabulary SET "${vocabulary}" entries drone [[{"fr": "Drone", "en": "Drone"}]])
file(WRITE ${OUT}/vocabulary/resource-types.json "${vocabulary}\n")
