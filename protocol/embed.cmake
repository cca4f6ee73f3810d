# Writes OUT, a .cpp that holds every *.json of DIR/schemas and DIR/vocabulary as text. Run at build time:
#   cmake -DDIR=protocol -DOUT=embedded_files.cpp -P embed.cmake
file(GLOB files RELATIVE ${DIR} ${DIR}/schemas/*.json ${DIR}/vocabulary/*.json)
list(SORT files)
set(text "#include \"protocol/embedded_files.h\"\n\nnamespace maillage::protocol {\nnamespace {\n\n")
string(APPEND text "constexpr EmbeddedFile kFiles[] = {\n")
foreach(file IN LISTS files)
  file(READ ${DIR}/${file} content)
  string(APPEND text "{\"${file}\", R\"json(${content})json\"},\n")
endforeach()
string(APPEND text "};\n\n}  // namespace\n\nstd::span<const EmbeddedFile> embedded_files() { return kFiles; }\n\n")
string(APPEND text "}  // namespace maillage::protocol\n")
file(WRITE ${OUT} "${text}")
