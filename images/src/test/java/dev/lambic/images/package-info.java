@NullMarked
package dev.lambic.images;

import org.jspecify.annotations.NullMarked;
