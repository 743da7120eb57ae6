// SPDX-License-Identifier: BSD-2-Clause
// Tables that sort by a click on a heading.
function valueOf(row, column) {
	const cell = row.cells[column];
	if (!cell.classList.contains('num'))
		return cell.textContent;
	const isShare = row.closest('table').tHead.rows[0].cells[column].textContent.endsWith('%');
	return isShare ? parseFloat(cell.textContent) || 0 : Number(cell.dataset.v === undefined ? -1 : cell.dataset.v);
}

function sortBy(table, column) {
	const head = table.tHead.rows[0].cells[column], body = table.tBodies[0];
	const isNumber = head.classList.contains('num');
	const down = head.getAttribute('aria-sort') === (isNumber ? 'descending' : 'ascending') ? !isNumber : isNumber;
	const sorted = [...body.rows].sort((a, b) => {
		const x = valueOf(a, column), y = valueOf(b, column);
		const order = isNumber ? x - y : x.localeCompare(y);
		return down ? -order : order;
	});
	for (const cell of table.tHead.rows[0].cells)
		cell.removeAttribute('aria-sort');
	head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
	body.append(...sorted);
}

function startTables() {
	for (const table of document.querySelectorAll('table.sortable'))
		[...table.tHead.rows[0].cells].forEach((cell, i) => {
			const button = document.createElement('button');
			button.type = 'button';
			button.textContent = cell.textContent;
			cell.textContent = '';
			cell.append(button);
			button.addEventListener('click', () => sortBy(table, i));
		});
}
