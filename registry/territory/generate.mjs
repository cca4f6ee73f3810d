// Writes communes.tsv, the table that registry/territory.cpp embeds, from the npm package
// @etalab/decoupage-administratif. Run by hand by a maintainer when INSEE publishes a new year (each January):
//
//   cd $(mktemp -d) && npm install @etalab/decoupage-administratif
//   node …/registry/territory/generate.mjs $PWD/node_modules/@etalab/decoupage-administratif > …/registry/territory/communes.tsv
//
// The same package gives the same bytes. The build needs neither Node nor the package.
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
const line = (...fields) => fields.join('\t');

const communes = table('communes.json').sort(byCode);
const today = communes.filter((commune) => commune.type === 'commune-actuelle');
const known = new Map(today.map((commune) => [commune.code, commune]));

// The table leaves a commune's department out: it is the start of its code. Better to stop here than to be wrong there.
for (const commune of today) {
  const start = commune.code.slice(0, commune.code >= '97' ? 3 : 2);
  if (commune.departement !== start) throw new Error(`${commune.code} is not in the department that its code says`);
}

// A commune belongs to one EPCI at most, so it stands below it; below the empty one, the islands that have none.
const groupOf = new Map();
const groups = table('epci.json').sort(byCode);
for (const group of groups) for (const member of group.membres) groupOf.set(member.code, group.code);
const numbers = (commune) => [commune.population ?? '', (commune.codesPostaux ?? []).slice().sort().join(' ')];
const members = (code) =>
  today.filter((commune) => (groupOf.get(commune.code) ?? '') === code)
    .map((commune) => line('C', commune.code, ...numbers(commune), commune.nom));

// Codes and names that are no more: merged, delegated and associated communes. One that kept the code of the whole is
// here for its name. Those of departments that were divided in 1968 and 1976 are left out: no list has them now, and they
// are postcodes of today (75010 was Bondy's code; who writes it means the 10th district of Paris).
const divided = /^(20|75|78)/;
const parts = communes.filter((part) => part.chefLieu && known.has(part.chefLieu));
const former = new Map();
for (const commune of today) for (const code of commune.anciensCodes ?? []) former.set(code, line(code, commune.code, ''));
for (const part of parts) former.set(part.code, line(part.code, part.chefLieu, part.nom));
const formers = [...former.values()].filter((text) => {
  const [code, now, name] = text.split('\t');
  if (divided.test(code) && !now.startsWith(code.slice(0, 2))) return false;
  return known.has(code) ? code === now && name !== known.get(now).nom : true;
});

const lines = [
  `# French communes with department, region and EPCI. Written by generate.mjs from ${read('package.json').name} ${read('package.json').version}: do not edit.`,
  '# Data: INSEE (Code officiel géographique, populations), DGCL (EPCI), La Poste (postcodes), compiled by Etalab; Licence Ouverte 2.0. Code of the package: MIT.',
  '# R region, name · D department, region, name · E EPCI (SIREN), name: its communes follow · C commune, population, postcodes, name',
  '# M municipal district, its commune, population, postcodes, name · A code that is no more, commune of today, name if known',
];
for (const region of table('regions.json').sort(byCode)) lines.push(line('R', region.code, region.nom));
for (const dep of table('departements.json').sort(byCode)) lines.push(line('D', dep.code, dep.region, dep.nom));
for (const group of [...groups, { code: '', nom: '' }]) lines.push(line('E', group.code, group.nom), ...members(group.code));
for (const district of communes.filter((part) => part.type === 'arrondissement-municipal')) {
  lines.push(line('M', district.code, district.commune, ...numbers(district), district.nom));
}
for (const text of formers.sort()) lines.push('A\t' + text);
process.stdout.write(lines.join('\n') + '\n');
