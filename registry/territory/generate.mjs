// Writes communes.tsv, the table that registry/territory.cpp embeds, from the npm package
// @etalab/decoupage-administratif. Run by hand by a maintainer when INSEE publishes a new year (each January):
//
//   cd $(mktemp -d) && npm install @etalab/decoupage-administratif
//   node …/registry/territory/generate.mjs $PWD/node_modules/@etalab/decoupage-administratif > …/registry/territory/communes.tsv
//
// The build needs neither Node nor the package.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const source = process.argv[2];
if (!source) {
  console.error('usage: node generate.mjs PATH-OF-THE-PACKAGE > communes.tsv');
  process.exit(2);
}
const read = (name) => JSON.parse(readFileSync(join(source, name), 'utf8'));
const table = (name) => read(join('data', name));
const byCode = (a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0);

const communes = table('communes.json');
const groups = table('epci.json');
const groupOf = new Map();
for (const group of groups) for (const member of group.membres) groupOf.set(member.code, group.code);

const today = communes.filter((commune) => commune.type === 'commune-actuelle').sort(byCode);
const known = new Set(today.map((commune) => commune.code));

// Municipal districts, merged communes and codes that are no more → the commune of today.
const successor = new Map();
for (const commune of today) for (const code of commune.anciensCodes ?? []) successor.set(code, commune.code);
for (const part of communes) if (part.chefLieu ?? part.commune) successor.set(part.code, part.chefLieu ?? part.commune);
const successors = [...successor].filter(([code, now]) => !known.has(code) && known.has(now));

const lines = [
  `# French communes with department, region and EPCI. Written by generate.mjs from ${read('package.json').name} ${read('package.json').version}: do not edit.`,
  '# Data: INSEE (Code officiel géographique), DGCL (EPCI), compiled by Etalab; Licence Ouverte 2.0. Code of the package: MIT.',
  '# R region, name · D department, region, name · E EPCI (SIREN), name · C commune, department, EPCI, name · A code, commune of today',
];
for (const region of table('regions.json').sort(byCode)) lines.push(['R', region.code, region.nom].join('\t'));
for (const dep of table('departements.json').sort(byCode)) lines.push(['D', dep.code, dep.region, dep.nom].join('\t'));
for (const group of groups.sort(byCode)) lines.push(['E', group.code, group.nom].join('\t'));
for (const commune of today) {
  lines.push(['C', commune.code, commune.departement, groupOf.get(commune.code) ?? '', commune.nom].join('\t'));
}
for (const [code, now] of successors.sort()) lines.push(['A', code, now].join('\t'));
process.stdout.write(lines.join('\n') + '\n');
